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

interface DedupRecord extends Versioned {
  readonly v: 1;
  readonly job: string;
  readonly token?: string;
}

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
    const { value, versionstamp } = await get<DedupRecord>(this.#store, key);
    if (value === null) return null;
    const loaded = await this.load(space, value.job);
    if (loaded !== null) return loaded;
    // The job was erased with what its people had; its key is free.
    const unit = new UnitOfWork().guard(key, versionstamp, value).delete(key);
    await commit(this.#store, unit);
    return null;
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
