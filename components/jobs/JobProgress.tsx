import type { VNode } from "preact";
import { progressText, timeLeft } from "@/lib/shared/jobs/job_words.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";

/** Ticks stand at each tenth; those at the ends and in the middle are longer. */
const TICKS = Array.from({ length: 11 }, (_, index) => index);

/** How far a job is: its words and what is left above a level. Nothing moves when it changes. */
export function JobProgress(
  { job, nowMs }: { job: JobView; nowMs: number },
): VNode {
  const percent = Math.floor(job.progress.value * 100);
  const text = progressText(job.progress);
  const left = timeLeft(job, nowMs);
  return (
    <div class="metered job-progress">
      <span class="tnum cut" title={text}>{text}</span>
      <span class="tnum soft">{left}</span>
      <svg
        class="gauge"
        role="progressbar"
        aria-label={`Progress of ${job.title}`}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={left === null ? text : `${text}, ${left}`}
      >
        <rect class="gauge-bed" y="1" width="100%" height="6" />
        <rect class="gauge-fill" y="1" width={`${percent}%`} height="6" />
        {TICKS.map((tick) => (
          <line
            key={tick}
            x1={`${tick * 10}%`}
            x2={`${tick * 10}%`}
            y1="9"
            y2={tick % 5 === 0 ? "14" : "12"}
          />
        ))}
      </svg>
    </div>
  );
}
