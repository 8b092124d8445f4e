import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

/** The way to one's jobs, with how many run. */
export function JobsLink({ running }: { running: number }): VNode {
  return (
    <a class="row" href="/jobs">
      <Icon name="jobs" />
      <span class="cut">Jobs</span>
      {running > 0 && (
        <span class="end tnum" data-running-jobs>
          {running}
          <span class="sr">running</span>
        </span>
      )}
    </a>
  );
}
