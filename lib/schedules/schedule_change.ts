/** Schedules as they begin and as they become when somebody changes them. */
import { cronTimes } from "./cron_times.ts";
import type { SchedulePatch } from "./schedule_input.ts";
import type { ScheduleRecord } from "./schedule_record.ts";

/** What somebody says of a new one, and where it is. */
export type ScheduleTerms = Pick<
  ScheduleRecord,
  "id" | "space" | "name" | "cron" | "timeZone" | "missed" | "target"
>;

/** @throws {CronError} for a cron text or a time zone that cannot be read */
export function newRecord(
  terms: ScheduleTerms,
  nowMs: number,
  isPaused = false,
): ScheduleRecord {
  const { cron, timeZone } = terms;
  const at = new Date(nowMs).toISOString();
  return {
    v: 1,
    ...terms,
    paused: isPaused ? { by: "person", reason: "", at } : null,
    nextAt: isPaused ? null : cronTimes(cron, timeZone).next(nowMs),
    plannedAt: nowMs,
    last: null,
    recentJobs: [],
    threadId: null,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

/** A schedule with what a patch names, due when that says. @throws {CronError} as `newRecord` */
export function changedRecord(
  before: ScheduleRecord,
  fields: Omit<SchedulePatch, "paused">,
  isPaused: boolean | undefined,
  nowMs: number,
): ScheduleRecord {
  const changed = { ...before, ...fields };
  return planned(
    {
      ...changed,
      threadId: keepsThread(before, changed) ? before.threadId : null,
      paused: pausedAfter(before, isPaused, nowMs),
      version: before.version + 1,
      updatedAt: new Date(nowMs).toISOString(),
    },
    before,
    nowMs,
  );
}

/** What is told of a change: `schedule.<verb>`. */
export function verbOf(before: ScheduleRecord, after: ScheduleRecord): string {
  if ((before.paused === null) === (after.paused === null)) return "changed";
  return after.paused === null ? "resumed" : "paused";
}

/** Whether a due time has come that nobody has seen to yet. */
export function isDueNow(
  { paused, nextAt }: ScheduleRecord,
  nowMs: number,
): boolean {
  return paused === null && nextAt !== null && nextAt <= nowMs;
}

function pausedAfter(
  { paused }: ScheduleRecord,
  isPaused: boolean | undefined,
  nowMs: number,
): ScheduleRecord["paused"] {
  if (isPaused === undefined) return paused;
  if (!isPaused) return null;
  const at = new Date(nowMs).toISOString();
  return paused ?? { by: "person", reason: "", at };
}

/** A record whose next due time fits to what has changed. */
function planned(
  record: ScheduleRecord,
  before: ScheduleRecord,
  nowMs: number,
): ScheduleRecord {
  if (record.paused !== null) {
    return { ...record, nextAt: null, plannedAt: nowMs };
  }
  const isSame = before.paused === null && record.cron === before.cron &&
    record.timeZone === before.timeZone;
  if (isSame) return record;
  const nextAt = cronTimes(record.cron, record.timeZone).next(nowMs);
  return { ...record, nextAt, plannedAt: nowMs };
}

/** Whether the thread of the answers so far holds those to come. */
function keepsThread(
  { target: before }: ScheduleRecord,
  { target: after }: ScheduleRecord,
): boolean {
  return before.type === "prompt" && after.type === "prompt" &&
    before.thread === after.thread && before.projectId === after.projectId;
}
