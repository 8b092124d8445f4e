/** What is to be done for a schedule that is due. */
import { cronTimes } from "./cron_times.ts";
import type { ScheduleRecord } from "./schedule_record.ts";

export interface Plan {
  /** Due time that gets a job, milliseconds since 1970 UTC; null: none does. */
  fireAt: number | null;
  /** Due times that pass without a job; 100 stands for more. */
  missed: number;
  /** When it is due next; null: never again. */
  nextAt: number | null;
}

/**
 * However many due times have passed, one job is made at most, for the newest of them: all of them are due to
 * the same look. With the policy `skip` that one must not be older than a moment either.
 * @param lateMs a due time that is older counts as missed
 * @throws {CronError} when the text cannot be read any more
 */
export function planTick(
  { cron, timeZone, missed, nextAt }: ScheduleRecord & { nextAt: number },
  nowMs: number,
  lateMs: number,
): Plan {
  const times = cronTimes(cron, timeZone);
  const newest = times.latest(nextAt, nowMs);
  const isMissed = missed === "skip" && nowMs - newest > lateMs;
  return {
    fireAt: isMissed ? null : newest,
    missed: times.count(nextAt, isMissed ? newest + 1 : newest),
    nextAt: times.next(Math.max(newest, nowMs)),
  };
}
