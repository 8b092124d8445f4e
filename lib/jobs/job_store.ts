/** Reads and writes of jobs. Every change of a job's state moves its record and its entries in one atomic. */
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { tellOwner } from "@/lib/kv/inbox.ts";
import type { LaneHead } from "@/lib/kv/lane_writer.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { JobRecord, JobStatus } from "./job_record.ts";
import {
  allKeysOf,
  changedRows,
  dedupHash,
  dueKey,
  enqueuedRows,
  jobEvent,
  type JobRow,
  type JobRows,
} from "./job_rows.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedJob {
  record: JobRecord;
  versionstamp: string;
}

/** A job that may be claimed. */
export interface DueJob {
  key: Deno.KvKey;
  space: string;
  id: string;
}

interface ControlRecord extends Versioned {
  readonly v: 1;
  readonly cancel: boolean;
  readonly at: number;
}

interface DedupRecord extends Versioned {
  readonly v: 1;
  readonly job: string;
  readonly token?: string;
}

/** Jobs in one claim: each takes a check, and the fence one. */
export const JOBS_PER_CLAIM = 9;

/** Timers in one atomic: each takes two checks. */
const TIMERS_PER_UNIT = 5;

/** Rows of what is over that go in one entry of the lane. */
const SWEPT_PER_ENTRY = 50;

function addRows(unit: UnitOfWork, { sets, deletes }: JobRows): void {
  for (const { key, value, expireInMs } of sets) {
    unit.set(key, value, { expireInMs });
  }
  for (const key of deletes) unit.delete(key);
}

export class JobStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /** Adds a new job to the unit of what has caused it. */
  enqueue(unit: UnitOfWork, record: JobRecord): UnitOfWork {
    const { space, id, kind, dedupKey } = record;
    const nowMs = this.clock.now();
    unit.guard(keys.jobKey(space, id), null, record);
    if (dedupKey !== null) {
      const key = keys.jobDedupKey(space, kind, dedupHash(dedupKey));
      unit.guard(key, null, { v: 1, job: id });
    }
    addRows(unit, enqueuedRows(record, nowMs));
    return unit.event(space, jobEvent(record, "queued", nowMs))
      .wake(id, Math.max(0, record.runAt - nowMs));
  }

  /**
   * Adds a new job to a unit that has a guard of its own and is committed once at most. It has no key that
   * tells it from others, so that many go into one unit.
   */
  add(unit: UnitOfWork, record: JobRecord): UnitOfWork {
    const { space, id } = record;
    const nowMs = this.clock.now();
    unit.set(keys.jobKey(space, id), { ...record, dedupKey: null });
    addRows(unit, enqueuedRows(record, nowMs));
    return unit.event(space, jobEvent(record, "queued", nowMs))
      .wake(id, Math.max(0, record.runAt - nowMs));
  }

  /** The job that is not over and has a key of its kind; null when there is none. */
  async findDuplicate(
    space: string,
    kind: string,
    dedupKey: string,
  ): Promise<LoadedJob | null> {
    const key = keys.jobDedupKey(space, kind, dedupHash(dedupKey));
    const { value } = await get<DedupRecord>(this.#store, key);
    return value === null ? null : await this.load(space, value.job);
  }

  async load(space: string, id: string): Promise<LoadedJob | null> {
    const key = keys.jobKey(space, id);
    const { value, versionstamp } = await get<JobRecord>(this.#store, key);
    return value === null ? null : { record: value, versionstamp };
  }

  /** Newest first, one status, of one kind or all (null). */
  async list(
    space: string,
    { status, kind, before, limit }: {
      status: JobStatus;
      kind: string | null;
      before: string | null;
      limit: number;
    },
    signal?: AbortSignal,
  ): Promise<JobRecord[]> {
    const found: { id: string; space: string }[] = [];
    const rows = list<JobRow>(
      this.#store,
      keys.jobList(space, status, before),
      { reverse: true, signal, batchSize: kind === null ? limit : undefined },
    );
    for await (const { key, value } of rows) {
      if (kind !== null && value.kind !== kind) continue;
      found.push({ id: keys.parseJobListKey(key), space: value.space });
      if (found.length === limit) break;
    }
    const records = await getMany(
      this.#store,
      found.map(({ space, id }) => keys.jobKey(space, id)),
      { signal },
    );
    return records.flatMap(({ value }) =>
      value === null ? [] : [value as JobRecord]
    );
  }

  /** Queues of one priority in which something waits, in the order of their keys. */
  async queues(
    priority: number,
    most: number,
    signal?: AbortSignal,
  ): Promise<keys.JobQueue[]> {
    const queues: keys.JobQueue[] = [];
    let after: keys.JobQueue | null = null;
    while (queues.length < most) {
      const rows: Deno.KvEntry<JobRow>[] = await Array.fromAsync(
        list<JobRow>(this.#store, keys.dueJobsAfter(priority, after), {
          limit: 1,
          signal,
        }),
      );
      if (rows.length === 0) break;
      after = keys.parseJobDueKey(rows[0].key);
      queues.push(after);
    }
    return queues;
  }

  /** The jobs that wait longest in a queue. */
  async due(
    queue: keys.JobQueue,
    limit: number,
    signal?: AbortSignal,
  ): Promise<DueJob[]> {
    const rows = list<JobRow>(this.#store, keys.dueJobs(queue), {
      limit,
      signal,
    });
    const due: DueJob[] = [];
    for await (const { key, value } of rows) {
      due.push({ key, space: value.space, id: keys.parseJobDueKey(key).job });
    }
    return due;
  }

  /**
   * Claims jobs for an incarnation, all or none: another process may have been faster with one of them.
   * Jobs that wait no more are taken out of their queue.
   */
  async claim(
    due: readonly DueJob[],
    incarnation: Incarnation,
  ): Promise<LoadedJob[] | "conflict"> {
    const loaded = await getMany<JobRecord[]>(
      this.#store,
      due.map(({ space, id }) => keys.jobKey(space, id)),
    );
    const nowMs = this.clock.now();
    const unit = incarnation.checkFence(new UnitOfWork());
    const claimed: JobRecord[] = [];
    const stale: Deno.KvKey[] = [];
    for (const [place, { value, versionstamp }] of loaded.entries()) {
      if (value?.status !== "queued" || versionstamp === null) {
        stale.push(due[place].key);
        continue;
      }
      const record: JobRecord = {
        ...value,
        status: "running",
        attempt: value.attempt + 1,
        owner: incarnation.id,
        startedAt: new Date(nowMs).toISOString(),
        error: null,
      };
      unit.guard(keys.jobKey(record.space, record.id), versionstamp, record);
      addRows(unit, changedRows(value, record, nowMs));
      unit.delete(due[place].key);
      unit.event(record.space, jobEvent(record, "started", nowMs));
      claimed.push(record);
    }
    if (stale.length > 0) {
      await incarnation.lane.write({ deletes: stale, urgency: "soon" });
    }
    if (claimed.length === 0) return [];
    const result = await commit(this.#store, unit);
    if (!result.ok) return "conflict";
    return claimed.map((record) => ({
      record,
      versionstamp: result.versionstamp,
    }));
  }

  /**
   * Writes the next state of a job that an incarnation owns, in its lane.
   * @returns the versionstamp of the record
   * @throws {StorageError} when the incarnation is fenced: the job is not its any more
   */
  async write(
    before: JobRecord,
    after: JobRecord,
    verb: string,
    incarnation: Incarnation,
  ): Promise<string> {
    const nowMs = this.clock.now();
    const { sets, deletes } = changedRows(before, after, nowMs);
    const { versionstamp } = await incarnation.lane.write({
      sets: [
        { key: keys.jobKey(after.space, after.id), value: after },
        ...sets,
      ],
      deletes,
      events: [{
        space: after.space,
        event: jobEvent(after, verb, nowMs),
      }],
      urgency: before.status === after.status ? "soon" : "now",
    });
    return versionstamp;
  }

  /** The same with changes of the job's own, in an atomic apart. False: the job is not its any more. */
  async writeWith(
    effects: UnitOfWork,
    { record: before, versionstamp }: LoadedJob,
    after: JobRecord,
    verb: string,
    incarnation: Incarnation,
  ): Promise<boolean> {
    return await this.#commit(
      incarnation.checkFence(new UnitOfWork()).add(effects),
      { record: before, versionstamp },
      after,
      verb,
    );
  }

  /** Changes a job that nobody executes, or whose owner is dead. False: it has changed meanwhile. */
  async change(
    loaded: LoadedJob,
    after: JobRecord,
    verb: string,
    more: UnitOfWork = new UnitOfWork(),
  ): Promise<boolean> {
    return await this.#commit(more, loaded, after, verb);
  }

  async #commit(
    unit: UnitOfWork,
    { record: before, versionstamp }: LoadedJob,
    after: JobRecord,
    verb: string,
  ): Promise<boolean> {
    const nowMs = this.clock.now();
    unit.guard(keys.jobKey(after.space, after.id), versionstamp, after);
    addRows(unit, changedRows(before, after, nowMs));
    unit.event(after.space, jobEvent(after, verb, nowMs));
    if (after.status === "queued") {
      unit.wake(after.id, Math.max(0, after.runAt - nowMs));
    }
    return (await commit(this.#store, unit)).ok;
  }

  /** Asks the owner of a job that runs to cancel it. False: its state has changed meanwhile. */
  async requestCancel({ record, versionstamp }: LoadedJob): Promise<boolean> {
    const { space, id, owner } = record;
    if (owner === null) return false;
    const unit = new UnitOfWork()
      .check(keys.jobKey(space, id), versionstamp)
      .set(keys.jobControlKey(space, id), {
        v: 1,
        cancel: true,
        at: this.clock.now(),
      });
    tellOwner(unit, owner, { kind: "job", ws: space, id });
    return (await commit(this.#store, unit)).ok;
  }

  /** Those of some jobs that somebody wants cancelled. */
  async cancelled(
    jobs: readonly Pick<JobRecord, "space" | "id">[],
  ): Promise<string[]> {
    const rows = await getMany(
      this.#store,
      jobs.map(({ space, id }) => keys.jobControlKey(space, id)),
    );
    return jobs.filter((_, place) =>
      (rows[place].value as ControlRecord | null)?.cancel
    ).map(({ id }) => id);
  }

  /** When the earliest timer is due, milliseconds since 1970 UTC; null: there is none. */
  async nextTimer(signal?: AbortSignal): Promise<number | null> {
    const rows = list(this.#store, keys.jobTimers(null), { limit: 1, signal });
    for await (const { key } of rows) {
      return keys.parseJobTimerKey(key).runAtMs;
    }
    return null;
  }

  /** Lets jobs be claimed whose time has come, so many at most; how many there were. */
  async promote(most: number, signal?: AbortSignal): Promise<number> {
    const rows = await Array.fromAsync(
      list<JobRow>(this.#store, keys.jobTimers(this.clock.now() + 1), {
        limit: most,
        signal,
      }),
    );
    for (let from = 0; from < rows.length; from += TIMERS_PER_UNIT) {
      const unit = new UnitOfWork();
      for (
        const { key, value, versionstamp } of rows.slice(
          from,
          from + TIMERS_PER_UNIT,
        )
      ) {
        const { runAtMs, job } = keys.parseJobTimerKey(key);
        unit.check(key, versionstamp).delete(key);
        unit.guard(dueKey(value, runAtMs, job), null, value);
      }
      await commit(this.#store, unit, { signal });
    }
    return rows.length;
  }

  /** Removes what is kept of ended jobs no longer; how many there were. */
  async sweep(incarnation: Incarnation, signal: AbortSignal): Promise<number> {
    const rows = list(this.#store, keys.jobRetentions(this.clock.now()), {
      signal,
    });
    let swept = 0;
    let deletes: Deno.KvKey[] = [];
    const flush = async () => {
      if (deletes.length > 0) {
        await incarnation.lane.write({ deletes, urgency: "soon" });
      }
      deletes = [];
    };
    for await (const { key } of rows) {
      const { space, job } = keys.parseJobRetentionKey(key);
      const loaded = await this.load(space, job);
      deletes.push(key, ...(loaded === null ? [] : allKeysOf(loaded.record)));
      swept += 1;
      if (swept % SWEPT_PER_ENTRY === 0) await flush();
    }
    await flush();
    return swept;
  }

  /** When an incarnation wrote last, milliseconds since 1970 UTC; null when that is not known any more. */
  async lastSeen(incarnation: string): Promise<number | null> {
    const heads = await Array.fromAsync(
      list<LaneHead>(this.#store, keys.lanesOf(incarnation)),
    );
    return heads.length === 0
      ? null
      : Math.max(...heads.map(({ value }) => value.at));
  }

  async pausedKinds(signal?: AbortSignal): Promise<Set<string>> {
    const kinds = new Set<string>();
    const rows = list(this.#store, keys.pausedJobKinds(), { signal });
    for await (const { key } of rows) {
      kinds.add(keys.parsePausedJobKindKey(key));
    }
    return kinds;
  }
}
