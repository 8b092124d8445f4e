import type { VNode } from "preact";
import { JOB_TABS, type JobBoard } from "@/lib/shared/jobs/job_board.ts";
import { boundedCount } from "@/lib/shared/jobs/job_words.ts";

const TITLES = { now: "Now", finished: "Finished" };

/** What goes on, what is over, and what comes again and again. */
export function JobTabs(
  { tab, counts }: Pick<JobBoard, "tab" | "counts">,
): VNode {
  return (
    <nav class="tabs" aria-label="Jobs by state">
      {JOB_TABS.map((each) => (
        <a
          key={each}
          href={`?tab=${each}`}
          aria-current={each === tab ? "page" : undefined}
        >
          {TITLES[each]}{" "}
          <span class="count tnum">
            {boundedCount(counts[each])}
          </span>
        </a>
      ))}
      <a href="/schedules">Schedules</a>
    </nav>
  );
}
