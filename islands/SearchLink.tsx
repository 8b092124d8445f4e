import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { SEARCH_FIELD_ID } from "@/components/search/search_field_id.ts";

/** Whether the keys ask for the search: Ctrl+K, on a Mac Cmd+K. */
function asksForSearch(event: KeyboardEvent): boolean {
  const { altKey, ctrlKey, metaKey, shiftKey } = event;
  return !event.defaultPrevented && !event.isComposing && !altKey &&
    !shiftKey && ctrlKey !== metaKey && event.key.toLowerCase() === "k";
}

/** The way to the search, by its button and from anywhere by its keys. */
export default function SearchLink(): VNode {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!asksForSearch(event)) return;
      event.preventDefault();
      const field = document.getElementById(SEARCH_FIELD_ID);
      if (field instanceof HTMLInputElement) field.select();
      else location.assign("/search");
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <a
      class="btn btn-quiet btn-icon btn-small"
      href="/search"
      aria-label="Search threads"
      aria-keyshortcuts="Control+K Meta+K"
    >
      <Icon name="search" />
    </a>
  );
}
