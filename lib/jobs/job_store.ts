/** Reads and writes of jobs. Every change of a job's state moves its record and its entries in one atomic. */
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { tellOwner } from "@/lib/kv/inbox.ts";
import type { LaneHead } from "@/lib/kv/lane_writer.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { isOver, type JobRecord, type JobStatus } from "./job_record.ts";
import {
  changedRows,
  dedupHash,
  dedupKeyOf,
  enqueuedRows,
  jobEvent,
  type JobRow,
  type JobRows,
  waitingKeys,
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

/** Why somebody wants a job ended that runs. */
export type EndReason = "cancelled" | "deadline";

/** Meant for one attempt: that of this owner, begun at this time. */
interface ControlRecord extends Versioned {
  readonly v: 1;
  readonly end: EndReason;
  readonly owner: string;
  readonly startedAt: string | null;
  readonly at: number;
}

/** A queue in which something waits. */
export interface WaitingQueue {
  queue: keys.JobQueue;
  /** The first of its jobs. */
  jobs: DueJob[];
  /** Whether these are all. */
  isWhole: boolean;
}

export interface WaitingQueues {
  queues: WaitingQueue[];
  /** The last of them where there may be more; null: these are all. */
  stoppedAt: keys.JobQueue | null;
}

/** Rows that a look at what waits reads at a time. */
const ROWS_PER_LOOK = 32;

interface DedupRecord extends Versioned {
  readonly v: 1;
  readonly job: string;
  readonly token?: string;
}

/** Jobs in one claim: each takes a check, and the fence one. */
export const JOBS_PER_CLAIM = 9;

/** What somebody wants of a job that runs is wanted no more after so long, in milliseconds. */
const CONTROL_EXPIRES_MS = 24 * 60 * 60 * 1_000;

export function addRows(unit: UnitOfWork, { sets, deletes }: JobRows): void {
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
    return unit.event(space, jobEvent(null, record, "queued", nowMs))
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
    return unit.event(space, jobEvent(null, record, "queued", nowMs))
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
    for await (const row of rows) due.push(toDueJob(row));
    return due;
  }

  /** The jobs that wait in the queue of one of them behind it. */
  async dueBehind(
    { key }: Pick<DueJob, "key">,
    limit: number,
    signal?: AbortSignal,
  ): Promise<DueJob[]> {
    const rows = await Array.fromAsync(
      list<JobRow>(this.#store, keys.dueJobsBehind(key), { limit, signal }),
    );
    return rows.map(toDueJob);
  }

  /**
   * Queues in which something waits, with the first jobs of each, in the order of their keys.
   * @param priority null: of all priorities
   * @param behind begins behind this queue; null: with the first
   */
  async waiting(
    priority: number | null,
    { behind, mostQueues, signal }: {
      behind: keys.JobQueue | null;
      mostQueues: number;
      signal?: AbortSignal;
    },
  ): Promise<WaitingQueues> {
    const queues = new Map<string, WaitingQueue>();
    let place = behind;
    while (queues.size < mostQueues) {
      const rows = await Array.fromAsync(
        list<JobRow>(this.#store, keys.waitingJobs(priority, place), {
          limit: ROWS_PER_LOOK,
          signal,
        }),
      );
      let last: WaitingQueue | null = null;
      for (const row of rows) {
        const queue = keys.parseJobDueKey(row.key);
        const name = `${queue.priority} ${queueName(queue)}`;
        last = queues.get(name) ?? { queue, jobs: [], isWhole: true };
        last.jobs.push(toDueJob(row));
        queues.set(name, last);
      }
      if (last === null || rows.length < ROWS_PER_LOOK) {
        return { queues: [...queues.values()], stoppedAt: null };
      }
      last.isWhole = false;
      place = last.queue;
    }
    return { queues: [...queues.values()], stoppedAt: place };
  }

  /**
   * Claims jobs for an incarnation, all or none: another process may have been faster with one of them.
   * Jobs that wait no more are taken out of their queue.
   * @param due at most `JOBS_PER_CLAIM`
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
    const startedAt = new Date(nowMs).toISOString();
    const unit = incarnation.checkFence(new UnitOfWork());
    const claimed: JobRecord[] = [];
    const stale: Deno.KvKey[] = [];
    for (const [place, { value, versionstamp }] of loaded.entries()) {
      const { key } = due[place];
      // It may have been done meanwhile, and wait for another time by now.
      const waitsHere = value?.status === "queued" &&
        value.runAt === keys.parseJobDueKey(key).runAtMs;
      if (!waitsHere || versionstamp === null) {
        stale.push(key);
        continue;
      }
      const record: JobRecord = {
        ...value,
        status: "running",
        attempt: value.attempt + 1,
        owner: incarnation.id,
        startedAt,
        error: null,
      };
      unit.guard(keys.jobKey(record.space, record.id), versionstamp, record);
      addRows(unit, changedRows(value, record, nowMs));
      unit.delete(key);
      unit.event(record.space, jobEvent(value, record, "started", nowMs));
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
        event: jobEvent(before, after, verb, nowMs),
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
    const { sets, deletes } = changedRows(before, after, nowMs);
    const waited = before.status === "queued" ? waitingKeys(before) : [];
    const written = new Set(sets.map(({ key }) => JSON.stringify(key)));
    addRows(unit, {
      sets,
      deletes: [...deletes, ...waited].filter((key) =>
        !written.has(JSON.stringify(key))
      ),
    });
    unit.event(after.space, jobEvent(before, after, verb, nowMs));
    if (after.status === "queued") {
      unit.wake(after.id, Math.max(0, after.runAt - nowMs));
    }
    return (await commit(this.#store, unit)).ok;
  }

  /**
   * Begins an ended job again, unless another with its key goes on.
   * @returns "repeated": another goes on; "changed": the job has changed meanwhile
   */
  async begin(
    loaded: LoadedJob,
    after: JobRecord,
    verb: string,
  ): Promise<"begun" | "repeated" | "changed"> {
    const unit = new UnitOfWork();
    const key = dedupKeyOf(after);
    if (key !== null && isOver(loaded.record)) {
      const there = await get<DedupRecord>(this.#store, key);
      if (there.value !== null && there.value.job !== after.id) {
        return "repeated";
      }
      unit.guard(key, there.versionstamp, { v: 1, job: after.id });
    }
    return await this.change(loaded, after, verb, unit) ? "begun" : "changed";
  }

  /** Asks the owner of a job that runs to end it. False: its state has changed meanwhile. */
  async requestEnd(
    { record, versionstamp }: LoadedJob,
    end: EndReason,
  ): Promise<boolean> {
    const { space, id, owner, startedAt } = record;
    if (owner === null) return false;
    const control: ControlRecord = {
      v: 1,
      end,
      owner,
      startedAt,
      at: this.clock.now(),
    };
    const unit = new UnitOfWork()
      .check(keys.jobKey(space, id), versionstamp)
      .set(keys.jobControlKey(space, id), control, {
        expireInMs: CONTROL_EXPIRES_MS,
      });
    tellOwner(unit, owner, { kind: "job", ws: space, id });
    return (await commit(this.#store, unit)).ok;
  }

  /** What somebody wants of the attempts at some jobs, by job. */
  async wantedEnds(
    jobs: readonly Pick<JobRecord, "space" | "id" | "owner" | "startedAt">[],
    signal?: AbortSignal,
  ): Promise<Map<string, EndReason>> {
    const rows = await getMany<ControlRecord[]>(
      this.#store,
      jobs.map(({ space, id }) => keys.jobControlKey(space, id)),
      { signal },
    );
    const ends = new Map<string, EndReason>();
    for (const [place, { id, owner, startedAt }] of jobs.entries()) {
      const control = rows[place].value;
      if (control?.owner !== owner || control.startedAt !== startedAt) continue;
      ends.set(id, control.end);
    }
    return ends;
  }

  /** Removes the row by which an incarnation that is fenced said that it does jobs. */
  async forgetWorker(incarnation: string): Promise<void> {
    const key = keys.jobWorkerKey(incarnation);
    const { value, versionstamp } = await get<Versioned>(this.#store, key);
    if (value === null) return;
    const unit = new UnitOfWork().guard(key, versionstamp, value).delete(key);
    await commit(this.#store, unit);
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

  /** Kinds of which nothing is begun in a workspace. */
  async pausedKinds(
    workspace: string,
    signal?: AbortSignal,
  ): Promise<Set<string>> {
    const kinds = new Set<string>();
    for await (const { kind } of this.#paused(workspace, signal)) {
      kinds.add(kind);
    }
    return kinds;
  }

  /** All that is paused, each as `queueName` names it. */
  async pausedQueues(signal?: AbortSignal): Promise<Set<string>> {
    const names = new Set<string>();
    for await (const paused of this.#paused(null, signal)) {
      names.add(queueName(paused));
    }
    return names;
  }

  /** Begins no more jobs of a kind in a workspace, in any process within a second. What runs goes on. */
  async pauseKind(workspace: string, kind: string): Promise<void> {
    const key = keys.pausedJobKindKey(workspace, kind);
    const { value, versionstamp } = await get(this.#store, key);
    if (value !== null) return;
    await commit(
      this.#store,
      new UnitOfWork().guard(key, versionstamp, {
        v: 1,
        at: this.clock.now(),
      }),
    );
  }

  /** Takes a pause back, and wakes who does jobs. */
  async resumeKind(workspace: string, kind: string): Promise<void> {
    const key = keys.pausedJobKindKey(workspace, kind);
    const { versionstamp } = await get(this.#store, key);
    if (versionstamp === null) return;
    await commit(
      this.#store,
      new UnitOfWork().guard(key, versionstamp, { v: 1 }).delete(key)
        .wake(kind, 0),
    );
  }

  async *#paused(workspace: string | null, signal?: AbortSignal) {
    const rows = list(this.#store, keys.pausedJobKinds(workspace), { signal });
    for await (const { key } of rows) yield keys.parsePausedJobKindKey(key);
  }
}

/** Names the jobs of one kind in one workspace. */
export function queueName(
  { workspace, kind }: Pick<keys.JobQueue, "workspace" | "kind">,
): string {
  return `${workspace} ${kind}`;
}

/** A job by its row among those that may be claimed. */
export function toDueJob({ key, value }: Deno.KvEntry<JobRow>): DueJob {
  return { key, space: value.space, id: keys.parseJobDueKey(key).job };
}
