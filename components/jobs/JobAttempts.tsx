import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatMoment } from "@/lib/shared/format.ts";
import { formatSpan } from "@/lib/shared/jobs/admin_jobs.ts";
import type { JobDetail } from "@/lib/shared/jobs/job_detail.ts";

/** Every attempt that is over: when, how long it took, and what it ended with. */
export function JobAttempts(
  { detail, clock }: { detail: JobDetail; clock: Clock },
): VNode {
  const { attempts, job } = detail;
  if (attempts.length === 0) {
    return (
      <p class="soft">
        {job.status === "running"
          ? "The first one goes on."
          : "There was none yet."}
      </p>
    );
  }
  const now = new Date(clock.nowMs);
  return (
    <ol class="attempts job-attempts">
      {attempts.map(({ startedAt, finishedAt, error }) => {
        const begun = new Date(startedAt);
        const ms = Date.parse(finishedAt) - begun.getTime();
        return (
          <li key={startedAt}>
            <span class="status" data-state={error === null ? "good" : "bad"}>
              <Icon name={error === null ? "check" : "alert"} />
              <span>{error ?? "Done"}</span>
            </span>
            <time class="num" datetime={startedAt} title={begun.toUTCString()}>
              {formatMoment(begun, now, clock.timeZone)}
            </time>
            <span class="why">
              Took <span class="tnum">{formatSpan(ms)}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
