import type { VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatMoment, formatPlural } from "@/lib/shared/format.ts";
import {
  isOpenFilter,
  requestQuery,
} from "@/lib/shared/requests/request_filter.ts";
import type { RequestsView } from "@/lib/shared/requests/request_view.ts";

/** How far the list has looked, and the way on. */
export function RequestReach(
  { view, clock, isLooking, onStop }: {
    view: RequestsView;
    clock: Clock;
    /** Whether it looks further now. */
    isLooking: boolean;
    onStop: () => void;
  },
): VNode {
  const { filter, reach, nextCursor, cursor, rows } = view;
  const path = "/admin/requests";
  const isOpen = isOpenFilter(filter);
  const isPartial = nextCursor !== null && !isOpen;
  return (
    <div class="pager bar-pad requests-reach">
      <span class="tnum">
        {isLooking && <span class="flow tail" aria-hidden="true" />}
        {isPartial && reach.backTo !== null
          ? `Looked through ${formatPlural(reach.looked, "request")} back to ${
            formatMoment(
              new Date(reach.backTo),
              new Date(clock.nowMs),
              clock.timeZone,
            )
          }.`
          : nextCursor === null
          ? isOpen
            ? rows.length === 0 ? "" : "No older ones are kept."
            : `Looked through all ${thereIs(filter.result)}: ${
              formatPlural(reach.looked, "request")
            }.`
          : `${rows.length} shown`}
      </span>
      <span class="btn-row push">
        {cursor !== null && (
          <a class="btn btn-small" href={`${path}${requestQuery(filter)}`}>
            Newest
          </a>
        )}
        {isLooking && (
          <button class="btn btn-small" type="button" onClick={onStop}>
            Stop looking
          </button>
        )}
        {nextCursor !== null && !isLooking && (
          <a
            class="btn btn-small"
            href={`${path}${requestQuery(filter, { cursor: nextCursor })}`}
          >
            {isPartial ? "Go on" : "Older"}
          </a>
        )}
      </span>
    </div>
  );
}

/** What a search for this result looks through. */
function thereIs(result: string): string {
  return result === "failed"
    ? "that failed"
    : result === "slow"
    ? "that were slow"
    : "there is";
}
