import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { JobsLink } from "@/components/jobs/JobsLink.tsx";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { readRunningJobs } from "@/lib/shared/jobs/job_requests.ts";

/** The way to one's jobs in the navigation, with how many run just now. */
export default function JobsPlace(props: { running: number }): VNode {
  const [running, setRunning] = useState(props.running);
  useJobNews({
    channel: "jobs",
    onNews: ({ before, status }) =>
      setRunning((count) =>
        Math.max(
          0,
          count + Number(status === "running") - Number(before === "running"),
        )
      ),
    read: async () => setRunning(await readRunningJobs()),
    needsNewsOnly: true,
  });
  return <JobsLink running={running} />;
}
