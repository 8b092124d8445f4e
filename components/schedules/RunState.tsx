import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { IconName } from "@/components/icon_paths.ts";
import { runWords } from "@/lib/shared/schedules/schedule_words.ts";
import type { ScheduleRun } from "@/lib/shared/wire.ts";

const ICONS: Record<"good" | "bad" | "warn", IconName> = {
  good: "check",
  bad: "alert",
  warn: "clock",
};

/** What a run came to: an icon and a word that leads to its job. */
export function RunState({ run }: { run: ScheduleRun }): VNode {
  const { words, tone } = runWords(run);
  return (
    <span class="status" data-state={tone ?? undefined}>
      {run.status === "running"
        ? <span class="flow" aria-hidden="true" />
        : <Icon name={tone === null ? "clock" : ICONS[tone]} />}
      {run.jobId === null || run.status === null
        ? words
        : <a href={`/jobs/${run.jobId}`}>{words}</a>}
    </span>
  );
}
