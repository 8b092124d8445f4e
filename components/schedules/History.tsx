import type { VNode } from "preact";
import { formatTime, runNote } from "@/lib/shared/schedules/schedule_words.ts";
import type { Page, ScheduleRun } from "@/lib/shared/wire.ts";
import { RunState } from "./RunState.tsx";

export interface HistoryProps {
  runs: Page<ScheduleRun>;
  timeZone: string;
  nowMs: number;
  /** Whether newer runs are on another page. */
  isLater: boolean;
}

/** What became of a schedule, each time with its job and what came out of it. */
export function History(
  { runs: { items, nextCursor }, timeZone, nowMs, isLater }: HistoryProps,
): VNode {
  if (items.length === 0) {
    return (
      <p class="soft">
        {isLater ? "These are all there are." : "It has not run yet."}
      </p>
    );
  }
  return (
    <>
      <div class="table-wrap" role="region" aria-label="Runs" tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">When, {timeZone}</th>
              <th scope="col">Outcome</th>
              <th scope="col">Result</th>
            </tr>
          </thead>
          <tbody>
            {items.map((run) => (
              <tr key={`${run.at} ${run.jobId}`}>
                <td class="tnum">
                  <time datetime={run.at}>
                    {formatTime(run.at, timeZone, nowMs)}
                  </time>
                </td>
                <td>
                  <RunState run={run} />
                </td>
                <td class="schedule-note">
                  {run.href !== null && <a href={run.href}>Open</a>}{" "}
                  {runNote(run)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(isLater || nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of the history">
          {isLater && <a class="btn btn-small" href="?">Newest</a>}
          {nextCursor !== null && (
            <a class="btn btn-small" href={`?cursor=${nextCursor}`}>
              Show more
            </a>
          )}
        </nav>
      )}
    </>
  );
}
