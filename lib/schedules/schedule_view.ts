/** Schedules as people see them. */
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Schedule, ScheduleRun } from "@/lib/shared/wire.ts";
import { readCron } from "./cron_text.ts";
import { cronTimes } from "./cron_times.ts";
import { cronWords } from "./cron_words.ts";
import {
  isProgramSchedule,
  type ScheduleRecord,
  type ScheduleRunRecord,
} from "./schedule_record.ts";

/** Due times that are shown ahead. */
export const NEXT_TIMES = 5;

type ShownRun = Pick<ScheduleRunRecord, "kind" | "at" | "job"> & {
  missed?: number;
};

export class ScheduleView {
  readonly #jobs: Pick<JobStore, "load">;

  constructor(jobs: Pick<JobStore, "load">) {
    this.#jobs = jobs;
  }

  async show(record: ScheduleRecord): Promise<Schedule> {
    const { space, nextAt, cron, timeZone, last } = record;
    const [shownLast = null] = last === null
      ? []
      : await this.showRuns(space, [last]);
    const times = nextAt === null ? [] : [
      nextAt,
      ...cronTimes(cron, timeZone).upcoming(nextAt, NEXT_TIMES - 1),
    ];
    return {
      id: record.id,
      name: record.name,
      cron,
      words: cronWords(readCron(cron)),
      timeZone,
      missed: record.missed,
      target: record.target,
      paused: record.paused,
      nextAt: nextAt === null ? null : new Date(nextAt).toISOString(),
      nextTimes: times.map((at) => new Date(at).toISOString()),
      last: shownLast,
      threadId: record.threadId,
      isProgram: isProgramSchedule(record),
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
      version: record.version,
    };
  }

  /** With the states of their jobs. */
  async showRuns(
    space: string,
    runs: readonly ShownRun[],
  ): Promise<ScheduleRun[]> {
    return await Promise.all(runs.map(async ({ kind, at, job, missed = 0 }) => {
      const record = job === null
        ? null
        : (await this.#jobs.load(space, job))?.record ?? null;
      return {
        kind,
        at: new Date(at).toISOString(),
        missed,
        jobId: job,
        status: record?.status ?? null,
        error: record?.error ?? null,
        href: record === null ? null : hrefOf(record),
      };
    }));
  }
}

/** Page of the app that a result names. */
function hrefOf({ result }: JobRecord): string | null {
  const value = result !== null && "inline" in result ? result.inline : null;
  const href = typeof value === "object" && value !== null
    ? Reflect.get(value, "href")
    : null;
  // One of our own, never another site's.
  return typeof href === "string" && /^\/(?![/\\])/.test(href) ? href : null;
}
