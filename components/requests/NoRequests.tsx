import type { VNode } from "preact";
import { formatPlural } from "@/lib/shared/format.ts";
import { isOpenFilter } from "@/lib/shared/requests/request_filter.ts";
import type { RequestsView } from "@/lib/shared/requests/request_view.ts";

/** Why a list is empty, and a way out. */
export function NoRequests(
  { view: { filter, errors, nextCursor } }: { view: RequestsView },
): VNode {
  const isWrong = Object.keys(errors).length > 0;
  return (
    <div class="empty">
      <h2>{isOpenFilter(filter) ? "No requests yet" : "Nothing found"}</h2>
      <p class="soft">
        {isWrong
          ? Object.entries(errors).map(([name, message]) =>
            `What stands under “${name}” cannot be read: ${message}`
          ).join(" ")
          : isOpenFilter(filter)
          ? "Ask a model in a thread or over /v1, and what became of it is listed here."
          : nextCursor !== null
          ? "None of the newest requests fits. Older ones may."
          : "No request that is kept fits."}
      </p>
      {!isOpenFilter(filter) && (
        <a class="btn btn-small" href="/admin/requests">Show all requests</a>
      )}
    </div>
  );
}

/** Why there is nothing to tell of a request. */
export function NoRequest({ keptDays }: { keptDays: number }): VNode {
  return (
    <div class="empty">
      <h1>No record of this request</h1>
      <p class="soft">
        Only requests that ask a model are recorded, a moment after they have
        ended, and they are kept for{" "}
        {formatPlural(keptDays, "day")}. One that goes on in another process is
        here when it has ended.
      </p>
    </div>
  );
}
