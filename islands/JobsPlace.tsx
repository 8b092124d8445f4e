import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { JobsLink } from "@/components/jobs/JobsLink.tsx";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { readRunningJobs } from "@/lib/shared/jobs/job_requests.ts";

/** The way to one's jobs in the navigation, with how many run just now. */
export default function JobsPlace(
  props: { running: number; quietKinds: readonly string[] },
): VNode {
  const [running, setRunning] = useState(props.running);
  useJobNews({
    channel: "jobs",
    quietKinds: props.quietKinds,
    onNews: ({ kind, before, status }) => {
      const change = Number(status === "running") -
        Number(before === "running");
      if (props.quietKinds.includes(kind)) return;
      setRunning((count) => Math.max(0, count + change));
    },
    read: async () => setRunning(await readRunningJobs(props.quietKinds)),
    needsNewsOnly: true,
  });
  return <JobsLink running={running} />;
}
