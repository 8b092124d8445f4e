import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { IconName } from "@/components/icon_paths.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatMoment } from "@/lib/shared/format.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";
import { JOB_STATUS_WORDS, waitWords } from "@/lib/shared/jobs/job_words.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { JobProgress } from "./JobProgress.tsx";

const ICONS: Record<Exclude<Job["status"], "running">, IconName> = {
  queued: "clock",
  completed: "check",
  dead: "alert",
  cancelled: "close",
};

const TONES: Partial<Record<Job["status"], string>> = {
  completed: "good",
  dead: "bad",
};

/** The state of a job: an icon and a word. */
export function JobStatusWord({ status }: { status: Job["status"] }): VNode {
  return (
    <span class="status" data-state={TONES[status]}>
      {status === "running"
        ? <span class="flow" aria-hidden="true" />
        : <Icon name={ICONS[status]} />}
      {JOB_STATUS_WORDS[status]}
    </span>
  );
}

/** How far a job is, why it waits, or what it came to. */
export function JobState(
  { job, clock, isNamed = false }: {
    job: JobView;
    clock: Clock;
    /** Whether the word of its state stands beside already. */
    isNamed?: boolean;
  },
): VNode {
  const { status, wait, error, text, attempt } = job;
  const { nowMs } = clock;
  if (status === "running") return <JobProgress job={job} nowMs={nowMs} />;
  if (wait !== null && status === "queued") {
    const { why, next } = waitWords(wait, job, nowMs);
    const isTrouble = wait.why === "retry";
    return (
      <>
        <span
          class="status job-why"
          data-state={isTrouble ? "warn" : undefined}
        >
          <Icon
            name={isTrouble
              ? "retry"
              : wait.why === "paused"
              ? "pause"
              : "clock"}
          />
          <span class="job-reason" title={why}>{why}</span>
        </span>
        <div class="job-sub tnum">
          {next ?? <At at={job.runAt} clock={clock} />}
        </div>
      </>
    );
  }
  const reason = status === "dead" ? error : text;
  return (
    <>
      {!isNamed && (
        <span class="status" data-state={TONES[status]}>
          <Icon name={ICONS[status]} />
          {status === "dead" && attempt > 1
            ? `Failed after ${attempt} attempts`
            : JOB_STATUS_WORDS[status]}
        </span>
      )}
      {reason !== null && (
        <div class="job-sub job-reason" title={reason}>{reason}</div>
      )}
    </>
  );
}

function At({ at, clock }: { at: string; clock: Clock }): VNode {
  const moment = new Date(at);
  return (
    <time datetime={at} title={moment.toUTCString()}>
      {formatMoment(moment, new Date(clock.nowMs), clock.timeZone)}
    </time>
  );
}
