import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { JobsLink, type RunningJobs } from "@/components/jobs/JobsLink.tsx";

/** The way to one's jobs in the navigation, followed as they begin and end. */
export default function JobsPlace(props: { viewer: RunningJobs }): VNode {
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    void import("@/lib/shared/jobs/watch_running.ts").then(
      ({ watchRunningJobs }) => {
        if (!isGone) stop = watchRunningJobs();
      },
    );
    return () => {
      isGone = true;
      stop();
    };
  }, []);
  return <JobsLink viewer={props.viewer} />;
}
