import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import { formatSpan } from "@/lib/shared/alert_words.ts";
import type { EndedAlert, Page } from "@/lib/shared/wire.ts";

/** What fired and is over. */
export function AlertHistory(
  { history: { items, nextCursor }, isOlder, nowMs }: {
    history: Page<EndedAlert>;
    /** Whether it does not begin with the latest. */
    isOlder: boolean;
    nowMs: number;
  },
): VNode {
  if (items.length === 0) {
    return (
      <div class="empty">
        <h3>{isOlder ? "Nothing older" : "Nothing has fired yet"}</h3>
        <p class="soft">
          What fires and is over is kept here for 90 days.
        </p>
      </div>
    );
  }
  return (
    <>
      <div
        class="table-wrap mt-4"
        tabIndex={0}
        role="region"
        aria-label="History"
      >
        <table class="table table-stack">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Fired</th>
              <th scope="col" class="num">For</th>
              <th scope="col">Severity</th>
              <th scope="col">Told</th>
            </tr>
          </thead>
          <tbody>
            {items.map((ended) => (
              <tr key={ended.incident} id={ended.incident}>
                <th scope="row" class="anywhere">
                  {ended.title}
                  <span class="alert-condition">{ended.text}</span>
                </th>
                <td data-label="Fired">
                  <Moment at={ended.firedAt} nowMs={nowMs} />
                </td>
                <td class="num" data-label="For">
                  {formatSpan(
                    Date.parse(ended.resolvedAt) - Date.parse(ended.firedAt),
                  )}
                </td>
                <td data-label="Severity">{ended.severity}</td>
                <td data-label="Told">
                  {ended.wasTold ? "yes" : "no, it was silenced"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="btn-row mt-4">
        {isOlder && <a class="btn" href="/admin/alerts#history">Latest</a>}
        {nextCursor !== null && (
          <a
            class="btn"
            href={`/admin/alerts?before=${
              encodeURIComponent(nextCursor)
            }#history`}
          >
            Older
          </a>
        )}
      </div>
    </>
  );
}
