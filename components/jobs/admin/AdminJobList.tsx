import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import {
  adminJobsQuery,
  type AdminJobsView,
} from "@/lib/shared/jobs/admin_jobs.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";
import { JOB_STATUS_WORDS } from "@/lib/shared/jobs/job_words.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { JobItem, type JobItemProps } from "../JobItem.tsx";

const STATUSES: readonly Job["status"][] = [
  "running",
  "queued",
  "dead",
  "completed",
  "cancelled",
];

const CHOSEN_FORM = "retry-chosen";

export interface AdminJobListProps {
  view: AdminJobsView;
  cursor: string | null;
  /** How many have come in since. */
  newer: number;
  itemOf: (job: JobView) => JobItemProps;
}

/** Every job of the workspace, newest first, by state and kind. */
export function AdminJobList(
  { view, cursor, newer, itemOf }: AdminJobListProps,
): VNode {
  const { filter, counts, jobs, nextCursor } = view;
  const here = adminJobsQuery(filter);
  const isFailed = filter.status === "dead";
  return (
    <>
      <div class="job-filters">
        <nav class="segments" aria-label="State">
          {[null, ...STATUSES].map((status) => (
            <a
              key={status}
              href={`${adminJobsQuery({ ...filter, status })}#list`}
              aria-current={status === filter.status ? "page" : undefined}
            >
              {status === null ? "All" : (
                <>
                  {JOB_STATUS_WORDS[status]}{" "}
                  <span class="count tnum">{formatCount(counts[status])}</span>
                </>
              )}
            </a>
          ))}
        </nav>
        <KindForm view={view} />
        {newer > 0 && (
          <a class="job-newer" href={here}>
            Show {formatPlural(newer, "newer job")}
          </a>
        )}
      </div>
      {isFailed && jobs.length > 0 && <BulkRetry view={view} here={here} />}
      {jobs.length === 0
        ? (
          <div class="empty">
            <h3>No jobs here</h3>
            <p class="soft">
              {nextCursor !== null
                ? "None of the newest is of this kind. Older ones may be."
                : cursor !== null
                ? "These are all there are."
                : "What is asked for, and what Freshet does by itself, is listed here."}
            </p>
          </div>
        )
        : (
          <ul class="jobs">
            {jobs.map((job) => (
              <JobItem
                key={job.id}
                {...itemOf(job)}
                choosesFor={isFailed ? CHOSEN_FORM : undefined}
              />
            ))}
          </ul>
        )}
      {(cursor !== null || nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of jobs">
          {cursor !== null && <a class="btn btn-small" href={here}>Newest</a>}
          {nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`${adminJobsQuery(filter, nextCursor)}#list`}
            >
              Older jobs
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function KindForm({ view }: { view: AdminJobsView }): VNode {
  const { filter: { status, kind, hours }, kindNames } = view;
  return (
    <form class="job-kind-form" method="get" action="/admin/jobs#list">
      {status !== null && <input type="hidden" name="status" value={status} />}
      {hours !== 1 && <input type="hidden" name="hours" value={hours} />}
      <label class="sr" for="job-kind">Kind</label>
      <select class="select" id="job-kind" name="kind">
        <option value="">Every kind</option>
        {kindNames.map((name) => (
          <option key={name} value={name} selected={name === kind}>
            {name}
          </option>
        ))}
      </select>
      <button class="btn" type="submit">Show</button>
    </form>
  );
}

function BulkRetry(
  { view, here }: { view: AdminJobsView; here: string },
): VNode {
  const { filter: { kind }, counts } = view;
  const what = kind === null ? "All that failed" : `All of ${kind} that failed`;
  const back = `/admin/jobs${here}`;
  return (
    <div class="btn-row job-bulk">
      <form id={CHOSEN_FORM} method="post" action="/admin/jobs">
        <input type="hidden" name="action" value="retry-chosen" />
        <input type="hidden" name="back" value={back} />
        <button class="btn btn-small" type="submit">Retry chosen</button>
      </form>
      <Confirm
        small
        label="Retry all"
        what={kind === null
          ? `${what} (${
            formatCount(counts.dead)
          }) begin again, each from its first attempt.`
          : `${what} begin again, each from its first attempt.`}
      >
        <form method="post" action="/admin/jobs">
          <input type="hidden" name="action" value="retry-all" />
          <input type="hidden" name="kind" value={kind ?? ""} />
          <input type="hidden" name="back" value={back} />
          <button class="btn btn-primary btn-small" type="submit">
            Retry all that failed
          </button>
        </form>
      </Confirm>
    </div>
  );
}
