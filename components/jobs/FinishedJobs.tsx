import type { VNode } from "preact";
import {
  boardPath,
  FINISHED_STATUSES,
  type JobBoard,
} from "@/lib/shared/jobs/job_board.ts";
import { jobsOf } from "@/lib/shared/jobs/job_news.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";
import { JOB_STATUS_WORDS } from "@/lib/shared/jobs/job_words.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { JobItem, type JobItemProps } from "./JobItem.tsx";

export interface FinishedJobsProps {
  board: JobBoard;
  /** Where this page begins; null: with the newest. */
  cursor: string | null;
  /** How many have come in since. */
  newer: number;
  itemOf: (job: JobView) => JobItemProps;
}

/** What is over, newest first, by how it ended. */
export function FinishedJobs(
  { board, cursor, newer, itemOf }: FinishedJobsProps,
): VNode {
  const { status, nextCursor } = board;
  const jobs = jobsOf(board);
  const here = queryOf(boardPath("finished", status));
  return (
    <>
      <nav class="segments job-states" aria-label="How they ended">
        {[null, ...FINISHED_STATUSES].map((each) => (
          <a
            key={each}
            href={queryOf(boardPath("finished", each))}
            aria-current={each === status ? "page" : undefined}
          >
            {each === null ? "All" : JOB_STATUS_WORDS[each]}
          </a>
        ))}
        {newer > 0 && (
          <a class="job-newer" href={here}>
            Show {formatPlural(newer, "newer job")}
          </a>
        )}
      </nav>
      {jobs.length === 0
        ? (
          <div class="empty">
            <h2>No jobs here</h2>
            <p class="soft">
              {nextCursor !== null
                ? "None among the newest. There may be older ones."
                : cursor !== null
                ? "These are all there are."
                : status === null
                ? "What has ended is listed here for 30 days."
                : "No job of the last 30 days ended like this."}
            </p>
            <a class="btn" href="?tab=now">Show what goes on</a>
          </div>
        )
        : (
          <ul class="jobs">
            {jobs.map((job) => <JobItem key={job.id} {...itemOf(job)} />)}
          </ul>
        )}
      {(cursor !== null || nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of jobs">
          {cursor !== null && <a class="btn btn-small" href={here}>Newest</a>}
          {nextCursor !== null && (
            <a
              class="btn btn-small"
              href={queryOf(boardPath("finished", status, nextCursor))}
            >
              Older jobs
            </a>
          )}
        </nav>
      )}
    </>
  );
}

/** Without the path, which the framework would take for the page that one is on. */
function queryOf(path: string): string {
  return path.slice(path.indexOf("?"));
}
