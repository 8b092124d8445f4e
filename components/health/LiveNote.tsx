import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";

/**
 * `still`: as the server has made it; `live`: told anew; `stale`: nothing comes; `ended`: nothing will
 * come any more.
 */
export type LiveNoteState = "still" | "live" | "stale" | "ended";

/** How new the page is. */
export function LiveNote(
  { state, at, nowMs }: { state: LiveNoteState; at: string; nowMs: number },
): VNode {
  if (state === "live") {
    return (
      <p class="hint health-live">
        <span class="status">
          <span class="flow" aria-hidden="true" />
          Live, told anew every 5 s
        </span>
      </p>
    );
  }
  if (state === "still") {
    return (
      <p class="hint health-live">
        As of <Moment at={at} nowMs={nowMs} />
      </p>
    );
  }
  return (
    <p class="hint health-live">
      <span class="status" data-state="warn">
        <Icon name="alert" small />
        {state === "stale"
          ? (
            <span>
              Nothing has come for a while; these are the numbers of{" "}
              <Moment at={at} nowMs={nowMs} />
            </span>
          )
          : (
            <span>
              Not live any more. <a href="">Load the page again</a>
            </span>
          )}
      </span>
    </p>
  );
}
