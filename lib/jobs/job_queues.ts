/** The queues in which jobs wait for a worker, read and claimed from. */
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { JobRecord } from "./job_record.ts";
import { changedRows, jobEvent, type JobRow } from "./job_rows.ts";
import {
  addRows,
  type DueJob,
  type LoadedJob,
  queueName,
  toDueJob,
} from "./job_store.ts";

/** Jobs in one claim: each takes a check, and the fence one. */
export const JOBS_PER_CLAIM = 9;

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

export class JobQueues {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
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
    const nowMs = this.#store.clock.now();
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
}
