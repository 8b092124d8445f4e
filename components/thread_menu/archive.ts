import type { Signal } from "@preact/signals";
import { h, render } from "preact";
import { ARCHIVE_ID } from "./archive_id.ts";

/** Lists the archived threads in their disclosure as soon as it is opened. */
export function fillArchive(current: Signal<string | null>): void {
  const archive = document.getElementById(ARCHIVE_ID);
  const body = archive?.lastElementChild;
  if (!(archive instanceof HTMLDetailsElement) || !body) return;
  const show = async () => {
    if (!archive.open) {
      render(null, body);
      return;
    }
    const { ArchivedThreads } = await import(
      "@/components/ArchivedThreads.tsx"
    );
    render(h(ArchivedThreads, { current }), body);
  };
  archive.addEventListener("toggle", () => void show());
  if (archive.open) void show();
}
