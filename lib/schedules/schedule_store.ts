/**
 * Reads and writes of schedules. A record and its place among those that are due change in one atomic, and
 * so does the job of a due time.
 */
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ScheduleRecord, ScheduleRunRecord } from "./schedule_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedSchedule {
  record: ScheduleRecord;
  versionstamp: string;
}

/** A place among those that are due. */
export interface DueSchedule {
  key: Deno.KvKey;
  versionstamp: string;
  dueAtMs: number;
  space: string;
  id: string;
  plannedAt: number;
}

interface DueRow extends Versioned {
  readonly v: 1;
  readonly plannedAt: number;
}

/** Something that became of a schedule, with the job that was made of it. */
export interface NewRun {
  run: ScheduleRunRecord;
  job: JobRecord | null;
  /** The due time that nobody else may make a job of; null: it is none. */
  tickAt: number | null;
}

/** A due time is known so long, in milliseconds: longer than a clock is ever wrong by and put right. */
const TICK_KEPT_MS = 48 * 60 * 60 * 1_000;

/** Schedules in one read: each may have a prompt of 20 KB. */
const RECORDS_PER_READ = 25;

/** A mark of a deletion is needed while its commit may be unknown, in milliseconds. */
const DELETED_KEPT_MS = 10 * 60 * 1_000;

export class ScheduleStore {
  readonly #store: Store;
  readonly #jobs: JobStore;

  constructor(store: Store, jobs: JobStore) {
    this.#store = store;
    this.#jobs = jobs;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  get isReadOnly(): boolean {
    return this.#store.readOnly;
  }

  async load(space: string, id: string): Promise<LoadedSchedule | null> {
    const key = keys.scheduleKey(space, id);
    const { value, versionstamp } = await get<ScheduleRecord>(this.#store, key);
    return value === null ? null : { record: value, versionstamp };
  }

  /** In the order asked for; null for what is not there. */
  async loadMany(
    places: readonly Pick<DueSchedule, "space" | "id">[],
    signal?: AbortSignal,
  ): Promise<(LoadedSchedule | null)[]> {
    const rows = await getMany<ScheduleRecord[]>(
      this.#store,
      places.map(({ space, id }) => keys.scheduleKey(space, id)),
      { signal },
    );
    return rows.map(({ value, versionstamp }) =>
      value === null || versionstamp === null
        ? null
        : { record: value, versionstamp }
    );
  }

  /** Newest first. */
  async list(
    space: string,
    before: string | null,
    limit: number,
  ): Promise<ScheduleRecord[]> {
    const rows = list<ScheduleRecord>(
      this.#store,
      keys.schedules(space, before),
      { reverse: true, limit, batchSize: RECORDS_PER_READ },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** How many there are, up to a number. */
  async count(space: string, most: number): Promise<number> {
    let count = 0;
    // Records hold prompts: small batches leave the store to others in between.
    const rows = list(this.#store, keys.schedules(space, null), {
      limit: most,
      batchSize: RECORDS_PER_READ,
    });
    for await (const _ of rows) count += 1;
    return count;
  }

  /**
   * @param more committed with it: what a repeated request is known by
   * @param isTold whether anybody is told of it
   */
  async create(
    record: ScheduleRecord,
    more: UnitOfWork = new UnitOfWork(),
    isTold = true,
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.scheduleKey(record.space, record.id), null, record)
      .add(more);
    this.#moveDue(unit, null, record);
    if (isTold) this.#tell(unit, record, "created");
    return (await commit(this.#store, unit)).ok;
  }

  /**
   * Puts another record in the place of one, with what became of it. False: it has changed meanwhile, or its
   * due time has a job already; see `hasJobOf`.
   * @param verb what is told of it: `schedule.<verb>`
   */
  async replace(
    { record: before, versionstamp }: LoadedSchedule,
    after: ScheduleRecord,
    verb: string,
    made: NewRun | null = null,
  ): Promise<boolean> {
    const { space, id } = after;
    const unit = new UnitOfWork()
      .guard(keys.scheduleKey(space, id), versionstamp, after);
    this.#moveDue(unit, before, after);
    if (made !== null) this.#addRun(unit, after, made);
    this.#tell(unit, after, verb);
    return (await commit(this.#store, unit)).ok;
  }

  /**
   * Makes a thread the one that holds a schedule's answers, unless it has got another one meanwhile.
   * @param isThere whether a thread is still there
   * @returns the thread that is the one
   */
  async adoptThread(
    { space, id }: Pick<ScheduleRecord, "space" | "id">,
    threadId: string,
    isThere: (other: string) => Promise<boolean>,
  ): Promise<string> {
    while (true) {
      const loaded = await this.load(space, id);
      if (loaded === null) return threadId;
      const { threadId: other } = loaded.record;
      if (other !== null && await isThere(other)) return other;
      const after = { ...loaded.record, threadId };
      if (await this.replace(loaded, after, "changed")) return threadId;
    }
  }

  /** Deletes a schedule with its place among those that are due; its history expires by itself. */
  async delete({ record, versionstamp }: LoadedSchedule): Promise<boolean> {
    const { space, id, nextAt } = record;
    const key = keys.scheduleKey(space, id);
    const unit = new UnitOfWork().check(key, versionstamp).delete(key);
    if (nextAt !== null) unit.delete(keys.scheduleDueKey(nextAt, space, id));
    this.#markDeleted(unit, id, null);
    this.#tell(unit, record, "deleted");
    return (await commit(this.#store, unit)).ok;
  }

  /** Whether a job was made of a due time. */
  async hasJobOf(schedule: string, dueAtMs: number): Promise<boolean> {
    const key = keys.scheduleTickKey(schedule, dueAtMs);
    return (await get(this.#store, key)).value !== null;
  }

  /** When the next schedule is due, milliseconds since 1970 UTC; null: none is. */
  async nextDue(signal?: AbortSignal): Promise<number | null> {
    const rows = list(this.#store, keys.schedulesDue(null), {
      limit: 1,
      signal,
    });
    for await (const { key } of rows) {
      return keys.parseScheduleDueKey(key).dueAtMs;
    }
    return null;
  }

  /** What is due up to a time (null: ever), earliest first. */
  async *due(
    untilMs: number | null,
    limit?: number,
    signal?: AbortSignal,
  ): AsyncGenerator<DueSchedule, void, void> {
    const rows = list<DueRow>(
      this.#store,
      keys.schedulesDue(untilMs === null ? null : untilMs + 1),
      { limit, signal },
    );
    for await (const { key, value, versionstamp } of rows) {
      const { dueAtMs, space, schedule } = keys.parseScheduleDueKey(key);
      const { plannedAt } = value;
      yield { key, versionstamp, dueAtMs, space, id: schedule, plannedAt };
    }
  }

  /** Takes out the place of a schedule that is not there: its space was erased. */
  async dropDue({ key, versionstamp, space, id }: DueSchedule): Promise<void> {
    const mark = await get(this.#store, keys.deletedScheduleKey(id));
    const unit = new UnitOfWork()
      .check(keys.scheduleKey(space, id), null)
      .check(key, versionstamp).delete(key);
    this.#markDeleted(unit, id, mark.versionstamp);
    await commit(this.#store, unit);
  }

  /** What became of a schedule, newest first, before a time (null: all). */
  async history(
    { space, id }: Pick<ScheduleRecord, "space" | "id">,
    beforeMs: number | null,
    limit: number,
  ): Promise<ScheduleRunRecord[]> {
    const rows = list<ScheduleRunRecord>(
      this.#store,
      keys.scheduleHistory(space, id, beforeMs),
      { reverse: true, limit },
    );
    const nowMs = this.clock.now();
    return (await Array.fromAsync(rows)).map(({ value }) => value)
      .filter(({ expiresAt }) => expiresAt > nowMs);
  }

  #addRun(
    unit: UnitOfWork,
    { space, id }: ScheduleRecord,
    { run, job, tickAt }: NewRun,
  ): void {
    if (tickAt !== null) {
      unit.guard(keys.scheduleTickKey(id, tickAt), null, {
        v: 1,
        job: job?.id ?? null,
      }, { expireInMs: TICK_KEPT_MS });
    }
    const key = keys.scheduleHistoryKey(space, id, run.at, job?.id ?? "");
    unit.set(key, run, { expireInMs: run.expiresAt - this.clock.now() });
    if (job !== null) this.#jobs.enqueue(unit, job);
  }

  #markDeleted(
    unit: UnitOfWork,
    id: string,
    versionstamp: string | null,
  ): void {
    const at = this.clock.now();
    unit.guard(keys.deletedScheduleKey(id), versionstamp, { v: 1, at }, {
      expireInMs: DELETED_KEPT_MS,
    });
  }

  #moveDue(
    unit: UnitOfWork,
    before: ScheduleRecord | null,
    { nextAt, plannedAt, space, id }: ScheduleRecord,
  ): void {
    if (before?.nextAt != null && before.nextAt !== nextAt) {
      unit.delete(keys.scheduleDueKey(before.nextAt, space, id));
    }
    if (nextAt !== null) {
      unit.set(keys.scheduleDueKey(nextAt, space, id), { v: 1, plannedAt });
    }
  }

  #tell(
    unit: UnitOfWork,
    { space, id, nextAt, paused, version }: ScheduleRecord,
    verb: string,
  ): void {
    const at = this.clock.now();
    unit.event(space, {
      type: `schedule.${verb}`,
      at,
      subject: id,
      data: {
        scheduleId: id,
        nextAt: nextAt === null ? null : new Date(nextAt).toISOString(),
        isPaused: paused !== null,
        version,
      },
    });
  }
}
