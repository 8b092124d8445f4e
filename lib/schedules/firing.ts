/** Makes the job of a schedule whose time has come, or pauses one that cannot go on. */
import { isAtLeast } from "@/lib/auth/roles.ts";
import type { Standing } from "@/lib/auth/records.ts";
import { AppError } from "@/lib/errors.ts";
import { isOver, type JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Jobs, NewJob } from "@/lib/jobs/jobs.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { MeasuredRun } from "@/lib/observe/schedule_metrics.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import { CronError } from "./cron_text.ts";
import { planTick } from "./plan.ts";
import type { ScheduleRecord, ScheduleRunRecord } from "./schedule_record.ts";
import type {
  LoadedSchedule,
  NewRun,
  ScheduleStore,
} from "./schedule_store.ts";

export interface FiringParts {
  store: ScheduleStore;
  jobs: Pick<Jobs, "prepare">;
  jobStore: Pick<JobStore, "load">;
  /** What a user may do in a workspace; null: nothing. */
  standing: (user: string, workspace: string) => Promise<Standing | null>;
  log: Logger;
  /** A due time that is older counts as missed, in milliseconds. */
  lateMs: number;
  /** Counts a due time that is done with. */
  onRun?: (run: MeasuredRun) => void;
}

/** Jobs of one schedule that may wait or run at a time; due times beyond them pass. */
const MOST_WAITING = 10;

/** What became of a schedule is kept as long as jobs are, in milliseconds. */
const HISTORY_KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

export class Firing {
  readonly #parts: FiringParts;

  constructor(parts: FiringParts) {
    this.#parts = parts;
  }

  /**
   * Does what is due for a schedule. Somebody else may be faster, in this process or another: then it is
   * theirs, and nothing is done here.
   */
  async fire(loaded: LoadedSchedule): Promise<void> {
    const { record } = loaded;
    const nowMs = this.#parts.store.clock.now();
    if (record.paused !== null || !isDue(record, nowMs)) return;
    const reason = await this.#cannotGoOn(record);
    if (reason !== null) return await this.#pause(loaded, reason);
    try {
      await this.#make(loaded, record, nowMs);
    } catch (error) {
      const isRefused = error instanceof CronError ||
        (error instanceof AppError && error.status < 500);
      if (!isRefused) throw error;
      await this.#pause(loaded, error.message);
    }
  }

  /**
   * The job of somebody's wish to have it run now.
   * @throws {AppError} as `Jobs.prepare`
   */
  manualRun(record: ScheduleRecord): { after: ScheduleRecord; made: NewRun } {
    const at = this.#parts.store.clock.now();
    const job = this.#prepare(record, at);
    const made = { run: this.#run("manual", at, job, 0), job, tickAt: null };
    return { after: withRun(record, made.run), made };
  }

  async #make(
    loaded: LoadedSchedule,
    record: ScheduleRecord & { nextAt: number },
    nowMs: number,
  ): Promise<void> {
    const { store, log, lateMs, onRun } = this.#parts;
    const plan = planTick(record, nowMs, lateMs);
    const planned: ScheduleRecord = {
      ...record,
      nextAt: plan.nextAt,
      plannedAt: nowMs,
    };
    const made = await this.#runOf(record, plan.fireAt, plan.missed);
    const after = withRun(planned, made.run);
    if (await store.replace(loaded, after, verbOf(made), made)) {
      const { kind, at } = made.run;
      if (kind !== "manual") onRun?.({ kind, lateMs: nowMs - at });
      return;
    }
    // A clock that went back, or other text for the same time: that time has had its job.
    if (
      plan.fireAt !== null && await store.hasJobOf(record.id, plan.fireAt)
    ) {
      const isPassed = await store.replace(loaded, planned, "passed");
      if (isPassed) {
        log.info("A due time that has had its job passes", {
          schedule: record.id,
        });
      }
    }
  }

  async #runOf(
    record: ScheduleRecord & { nextAt: number },
    fireAt: number | null,
    missed: number,
  ): Promise<NewRun> {
    if (fireAt === null) {
      const run = this.#run("missed", record.nextAt, null, missed);
      return { run, job: null, tickAt: null };
    }
    if (await this.#isCrowded(record)) {
      const run = this.#run("crowded", fireAt, null, missed);
      return { run, job: null, tickAt: fireAt };
    }
    const job = this.#prepare(record, fireAt);
    return { run: this.#run("due", fireAt, job, missed), job, tickAt: fireAt };
  }

  /** Whether as many of its jobs as may be are not over. */
  async #isCrowded({ recentJobs, space }: ScheduleRecord): Promise<boolean> {
    if (recentJobs.length < MOST_WAITING) return false;
    const oldest = await this.#parts.jobStore.load(space, recentJobs[0]);
    return oldest !== null && !isOver(oldest.record);
  }

  #prepare(record: ScheduleRecord, dueAtMs: number): JobRecord {
    return this.#parts.jobs.prepare(record.space, jobOf(record, dueAtMs));
  }

  #run(
    kind: ScheduleRunRecord["kind"],
    at: number,
    job: JobRecord | null,
    missed: number,
  ): ScheduleRunRecord {
    const nowMs = this.#parts.store.clock.now();
    return {
      v: 1,
      kind,
      at,
      job: job?.id ?? null,
      missed,
      createdAt: new Date(nowMs).toISOString(),
      expiresAt: nowMs + HISTORY_KEPT_MS,
    };
  }

  /** Why nobody is there for it any more, in a sentence; null: somebody is. */
  async #cannotGoOn({ space }: ScheduleRecord): Promise<string | null> {
    const user = userOf(space);
    if (user === null) return null;
    const standing = await this.#parts.standing(user, workspaceOf(space));
    if (standing === null) {
      return "Its owner is not in the workspace any more, or is disabled.";
    }
    return isAtLeast(standing.role, "member")
      ? null
      : "Its owner may only read in the workspace.";
  }

  async #pause(
    loaded: LoadedSchedule,
    reason: string,
  ): Promise<void> {
    const { store, log } = this.#parts;
    const { record } = loaded;
    const nowMs = store.clock.now();
    const at = new Date(nowMs).toISOString();
    const after: ScheduleRecord = {
      ...record,
      paused: { by: "program", reason, at },
      nextAt: null,
      plannedAt: nowMs,
      updatedAt: at,
      version: record.version + 1,
    };
    if (await store.replace(loaded, after, "paused")) {
      log.warn("A schedule was paused since it cannot go on", {
        schedule: record.id,
        reason,
      });
    }
  }
}

/** What is told of a schedule that has run, or has passed a due time: `schedule.<verb>`. */
function verbOf({ job }: NewRun): string {
  return job === null ? "passed" : "ran";
}

function isDue(
  record: ScheduleRecord,
  nowMs: number,
): record is ScheduleRecord & { nextAt: number } {
  return record.nextAt !== null && record.nextAt <= nowMs;
}

function withRun(
  record: ScheduleRecord,
  { kind, at, job }: ScheduleRunRecord,
): ScheduleRecord {
  return {
    ...record,
    last: { kind, at, job },
    recentJobs: job === null
      ? record.recentJobs
      : [...record.recentJobs, job].slice(-MOST_WAITING),
  };
}

/** What is to be done for a schedule. @param dueAtMs when it was due, or asked for */
export function jobOf(
  { id, name, target }: Pick<ScheduleRecord, "id" | "name" | "target">,
  dueAtMs: number,
): NewJob {
  return target.type === "job"
    ? { kind: target.kind, input: target.input, correlationId: id }
    : {
      kind: "prompt.ask",
      input: { schedule: id, name, at: new Date(dueAtMs).toISOString() },
      correlationId: id,
    };
}
