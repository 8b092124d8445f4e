import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import type { JobDetail } from "@/lib/shared/jobs/job_detail.ts";
import { JOB_PRIORITY_WORDS } from "@/lib/shared/jobs/job_words.ts";

/** What is known of a job besides how far it is. */
export function JobFacts(
  { detail, nowMs }: { detail: JobDetail; nowMs: number },
): VNode {
  const { job, dedupKey, correlationId } = detail;
  const isPutOff = job.status === "queued" && Date.parse(job.runAt) > nowMs;
  return (
    <dl class="job-facts">
      <Fact name="Kind">
        <span class="mono">{job.kind}</span>
      </Fact>
      {job.who !== null && <Fact name="Asked for by">{job.who}</Fact>}
      <Fact name="Asked for">
        <Moment at={job.createdAt} nowMs={nowMs} />
      </Fact>
      {isPutOff && (
        <Fact name="Not before">
          <Moment at={job.runAt} nowMs={nowMs} isAhead />
        </Fact>
      )}
      {job.startedAt !== null && (
        <Fact name="Started">
          <Moment at={job.startedAt} nowMs={nowMs} />
        </Fact>
      )}
      {job.finishedAt !== null && (
        <Fact name="Ended">
          <Moment at={job.finishedAt} nowMs={nowMs} />
        </Fact>
      )}
      <Fact name="Priority">{JOB_PRIORITY_WORDS[job.priority]}</Fact>
      <Fact name="Attempt">
        <span class="tnum">{job.attempt} of {job.maxAttempts}</span>
      </Fact>
      {dedupKey !== null && (
        <Fact name="Same-job key">
          <span class="mono">{dedupKey}</span>
        </Fact>
      )}
      {correlationId !== null && (
        <Fact name="Caused by">
          <span class="mono">{correlationId}</span>
        </Fact>
      )}
      <Fact name="Id">
        <span class="mono">{job.id}</span>
      </Fact>
    </dl>
  );
}

function Fact(
  { name, children }: { name: string; children: VNode | string },
): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
