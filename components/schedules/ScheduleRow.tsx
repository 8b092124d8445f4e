import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import {
  formatTime,
  targetWords,
} from "@/lib/shared/schedules/schedule_words.ts";
import type { Schedule } from "@/lib/shared/wire.ts";
import { RunState } from "./RunState.tsx";
import { ScheduleActs, type ScheduleActsProps } from "./ScheduleActs.tsx";

export interface ScheduleRowProps
  extends Pick<ScheduleActsProps, "onAct" | "isBusy"> {
  schedule: Schedule;
  nowMs: number;
  readsOnly: boolean;
}

/** A schedule in a list: what and when, what comes and what came, and its switch. */
export function ScheduleRow(
  { schedule, nowMs, readsOnly, ...acts }: ScheduleRowProps,
): VNode {
  const { id, name, words, timeZone, last } = schedule;
  return (
    <li class="job" id={id} data-paused={schedule.paused ? "true" : undefined}>
      <div class="job-what">
        <a class="job-name" href={`/schedules/${id}`}>{name}</a>
        <div class="job-sub">
          {sentence(words)}, {timeZone}. {targetWords(schedule)}
        </div>
      </div>
      <div class="job-mid">
        <NextRun schedule={schedule} nowMs={nowMs} />
        {last !== null && (
          <div class="job-sub schedule-last">
            <RunState run={last} /> <Moment at={last.at} nowMs={nowMs} />
          </div>
        )}
      </div>
      {readsOnly
        ? null
        : <ScheduleActs schedule={schedule} back="/schedules" {...acts} />}
    </li>
  );
}

/** When it is due next, or why it is not. */
export function NextRun(
  { schedule: { paused, nextAt, timeZone }, nowMs }: {
    schedule: Schedule;
    nowMs: number;
  },
): VNode {
  if (paused !== null) {
    const isTrouble = paused.by === "program";
    return (
      <span class="status" data-state={isTrouble ? "warn" : undefined}>
        <Icon name="pause" />
        <span class="job-reason" title={paused.reason || undefined}>
          {isTrouble ? `Paused: ${paused.reason}` : "Paused"}
        </span>
      </span>
    );
  }
  if (nextAt === null) {
    return (
      <span class="status">
        <Icon name="close" />Not due any more
      </span>
    );
  }
  return (
    <span class="status">
      <Icon name="clock" />
      <time datetime={nextAt} class="tnum">
        {formatTime(nextAt, timeZone, nowMs)}
      </time>
    </span>
  );
}

/** With a capital, as a sentence begins. */
export function sentence(words: string): string {
  return `${words[0].toUpperCase()}${words.slice(1)}`;
}
