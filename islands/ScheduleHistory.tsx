import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import { History, type HistoryProps } from "@/components/schedules/History.tsx";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";

export interface ScheduleHistoryProps extends HistoryProps {
  /** Where what is shown is read again. */
  path: string;
}

/** What became of a schedule, as it happens. */
export default function ScheduleHistory(props: ScheduleHistoryProps): VNode {
  const [runs, setRuns] = useState(props.runs);
  const nowMs = useNow(props.nowMs);
  const read = async () => setRuns(await readPage(props.path));
  useJobNews({ channel: "schedules", onNews: () => {}, read });
  // What became of a run: its job tells.
  useJobNews({ channel: "jobs", onNews: () => {}, read, everyMs: 2_000 });
  return <History {...props} runs={runs} nowMs={nowMs} />;
}
