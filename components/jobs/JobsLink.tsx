import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Viewer } from "@/lib/shared/viewer.ts";

export type RunningJobs = Pick<Viewer, "runningJobs" | "quietJobKinds">;

/** What the link shows of a viewer, and no more: it goes into the page twice. */
export function runningJobsOf(
  { runningJobs, quietJobKinds }: RunningJobs,
): RunningJobs {
  return { runningJobs, quietJobKinds };
}

/** The way to one's jobs, with how many run; `watch_running.ts` keeps the count. */
export function JobsLink(
  { viewer: { runningJobs, quietJobKinds } }: { viewer: RunningJobs },
): VNode {
  return (
    <a class="row" href="/jobs">
      <Icon name="jobs" />
      <span class="cut">Jobs</span>
      <span
        class="end tnum"
        data-running-jobs
        data-quiet-kinds={quietJobKinds.join(" ")}
        hidden={runningJobs === 0}
      >
        <span>{runningJobs}</span> <span class="sr">running</span>
      </span>
    </a>
  );
}
