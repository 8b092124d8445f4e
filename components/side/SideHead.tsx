import type { VNode } from "preact";
import { Icon, Mark } from "@/components/Icon.tsx";
import SearchLink from "@/islands/SearchLink.tsx";

/** The top of the navigation: the mark, the search, a new thread. */
export function SideHead(): VNode {
  return (
    <div class="side-head">
      <a class="brand" href="/">
        <Mark />
        Freshet
      </a>
      <SearchLink />
      <form action="/">
        <button
          class="btn btn-quiet btn-icon btn-small"
          type="submit"
          aria-label="New thread"
          aria-keyshortcuts="Control+Shift+O"
        >
          <Icon name="plus" />
        </button>
      </form>
      <button
        class="btn btn-quiet btn-icon btn-small side-close"
        type="button"
        popovertarget="side"
        popovertargetaction="hide"
        aria-label="Close navigation"
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
