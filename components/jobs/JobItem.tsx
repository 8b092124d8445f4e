import type { VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import { Moment } from "@/components/Moment.tsx";
import { type JobView, mayRetry } from "@/lib/shared/jobs/job_view.ts";
import { JobActs, type JobActsProps } from "./JobActs.tsx";
import { JobState } from "./JobState.tsx";

export interface JobItemProps extends JobActsProps {
  clock: Clock;
  /** Of a form by whose button several are begun again: a box to choose this one. */
  choosesFor?: string;
}

/** A job in a list: what it is, how far or why not, and what one can do. */
export function JobItem(props: JobItemProps): VNode {
  const { job, clock, isBusy, choosesFor } = props;
  return (
    <li
      class="job"
      id={job.id}
      data-status={job.status}
      aria-busy={isBusy ? "true" : undefined}
    >
      <div class="job-what">
        {choosesFor !== undefined && mayRetry(job) && (
          <label class="job-choice">
            <input type="checkbox" form={choosesFor} name="id" value={job.id} />
            <span class="sr">Choose {job.title}</span>
          </label>
        )}
        <a class="job-name" href={`/jobs/${job.id}`}>{job.title}</a>
        <div class="job-sub">
          <When job={job} nowMs={clock.nowMs} />
          {job.who !== null && (
            <>
              , by {job.who}
              {job.kind !== job.title && (
                <>
                  , <span class="mono">{job.kind}</span>
                </>
              )}
            </>
          )}
          {job.status === "running" && job.attempt > 1 &&
            `, attempt ${job.attempt} of ${job.maxAttempts}`}
        </div>
      </div>
      <div class="job-mid">
        <JobState job={job} clock={clock} />
      </div>
      <JobActs {...props} />
    </li>
  );
}

const ENDS = { completed: "Done", dead: "Gave up", cancelled: "Cancelled" };

function When({ job, nowMs }: { job: JobView; nowMs: number }): VNode {
  const { status, startedAt, finishedAt, createdAt } = job;
  switch (status) {
    case "queued":
      return (
        <>
          Asked for <Moment at={createdAt} nowMs={nowMs} />
        </>
      );
    case "running":
      return (
        <>
          Started <Moment at={startedAt ?? createdAt} nowMs={nowMs} />
        </>
      );
    default:
      return (
        <>
          {ENDS[status]} <Moment at={finishedAt ?? createdAt} nowMs={nowMs} />
        </>
      );
  }
}
