import type { VNode } from "preact";
import { formatTime } from "@/lib/shared/schedules/schedule_words.ts";

/** When a schedule is due next, in its own time zone and, where that is another one, in the viewer's. */
export function NextTimes(
  { times, timeZone, viewerZone, nowMs }: {
    times: string[];
    timeZone: string;
    viewerZone: string;
    nowMs: number;
  },
): VNode {
  if (times.length === 0) return <p class="hint">It is not due any more.</p>;
  const isAbroad = viewerZone !== timeZone;
  return (
    <div class="table-wrap" role="region" aria-label="Times" tabIndex={0}>
      <table class="table schedule-times">
        <thead>
          <tr>
            <th scope="col">In {timeZone}</th>
            {isAbroad && <th scope="col">In {viewerZone}</th>}
          </tr>
        </thead>
        <tbody class="tnum">
          {times.map((at) => (
            <tr key={at}>
              <td>
                <time datetime={at}>{formatTime(at, timeZone, nowMs)}</time>
              </td>
              {isAbroad && <td>{formatTime(at, viewerZone, nowMs)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
