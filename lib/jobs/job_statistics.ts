/** What is known of the jobs of a workspace as a whole: read from a few rows, however many jobs there are. */
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import {
  addFlows,
  type JobCountsRow,
  type JobFlow,
  type JobMinuteRow,
  noCounts,
  noFlow,
  quantileOf,
  type StatusCounts,
} from "./job_count.ts";
import type { JobKinds } from "./job_kind.ts";
import { readWorkers, type RunningJobs } from "./job_presence.ts";
import { JOB_PRIORITIES } from "./job_record.ts";
import type { JobRow } from "./job_rows.ts";

const MINUTE_MS = 60_000;

export interface JobCounts {
  total: StatusCounts;
  /** By kind; kinds without a job are not there. */
  kinds: Record<string, StatusCounts>;
}

/** A job that waits longest. */
export interface OldestWaiting {
  job: string;
  space: string;
  kind: string;
  /** When it could have begun, milliseconds since 1970 UTC. */
  dueAtMs: number;
}

/** What became of the jobs of a kind within some time. */
export interface KindRates extends Omit<JobFlow, "waited" | "took"> {
  /** How long those that were started had waited since they were due, in milliseconds; null: none was. */
  waitedMs: { p50: number; p95: number } | null;
  /** How long attempts took; null: none ended. */
  tookMs: { p50: number; p95: number } | null;
}

export interface JobRates {
  total: KindRates;
  kinds: Record<string, KindRates>;
  /** Minutes in which anything happened, oldest first. */
  minutes: {
    /** Its beginning, milliseconds since 1970 UTC. */
    atMs: number;
    queued: number;
    completed: number;
    /** Attempts that failed, for good or not. */
    failed: number;
  }[];
}

/** A process that does jobs. */
export interface JobWorkerInfo {
  /** Incarnation. */
  id: string;
  host: string;
  startedAtMs: number;
  /** When it said so last. */
  saidAtMs: number;
  /** Jobs that it does at a time, at most. */
  places: number;
  /** Jobs that it does now, of all workspaces. */
  busy: number;
  /** Those of the workspace that asks. */
  running: RunningJobs[];
}

export class JobStatistics {
  readonly #store: Store;
  readonly #kinds: JobKinds;
  #lastCounts: JobCounts | null = null;

  constructor(store: Store, kinds: JobKinds) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** How many jobs of a workspace there are; about a second behind. */
  async counts(workspace: string, signal?: AbortSignal): Promise<JobCounts> {
    const [total, row] = await Promise.all([
      get<JobCountsRow>(this.#store, keys.jobCountKey(), { signal }),
      get<JobCountsRow>(this.#store, keys.jobCountsKey(workspace), { signal }),
    ]);
    const holds = row.value !== null && row.value.count === total.value?.count;
    return sumOf(holds ? row.value.kinds : {});
  }

  /** How many jobs of all workspaces there are. */
  async allCounts(signal?: AbortSignal): Promise<JobCounts> {
    const row = await get<JobCountsRow>(this.#store, keys.jobCountKey(), {
      signal,
    });
    return this.#lastCounts = sumOf(row.value?.kinds ?? {});
  }

  /** What `allCounts` has read last; null: nothing yet. */
  get lastCounts(): JobCounts | null {
    return this.#lastCounts;
  }

  /** The job of a workspace that could have begun longest ago and waits still; null: none does. */
  async oldestWaiting(
    workspace: string,
    signal?: AbortSignal,
  ): Promise<OldestWaiting | null> {
    const firsts = await Promise.all(
      JOB_PRIORITIES.flatMap((_, priority) =>
        this.#kinds.all.map(({ kind }) =>
          this.#first({ priority, workspace, kind }, signal)
        )
      ),
    );
    return firsts.reduce(
      (oldest, each) =>
        each !== null && (oldest === null || each.dueAtMs < oldest.dueAtMs)
          ? each
          : oldest,
      null,
    );
  }

  /**
   * What became of the jobs of a workspace.
   * @param sinceMs back to the minute of this time, milliseconds since 1970 UTC; 25 hours are kept
   */
  async rates(
    workspace: string,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<JobRates> {
    const fromMs = Math.floor(sinceMs / MINUTE_MS) * MINUTE_MS;
    const rows = list<JobMinuteRow>(
      this.#store,
      keys.jobMinutes(workspace, fromMs),
      { signal },
    );
    const kinds = new Map<string, JobFlow>();
    let total = noFlow();
    const minutes: JobRates["minutes"] = [];
    for await (const { key, value } of rows) {
      let flow = noFlow();
      for (const [kind, own] of Object.entries(value.kinds)) {
        kinds.set(kind, addFlows(kinds.get(kind) ?? noFlow(), own));
        flow = addFlows(flow, own);
      }
      total = addFlows(total, flow);
      minutes.push({
        atMs: keys.parseJobMinuteKey(key),
        queued: flow.queued,
        completed: flow.completed,
        failed: flow.failed + flow.dead,
      });
    }
    return {
      total: ratesOf(total),
      kinds: Object.fromEntries(
        [...kinds].map(([kind, flow]) => [kind, ratesOf(flow)]),
      ),
      minutes,
    };
  }

  /** The processes that do jobs, for somebody of a workspace. */
  async workers(
    workspace: string,
    signal?: AbortSignal,
  ): Promise<JobWorkerInfo[]> {
    const workers = await readWorkers(this.#store, signal);
    return workers.map(({ id, row }) => ({
      id,
      host: row.host,
      startedAtMs: row.startedAt,
      saidAtMs: row.at,
      places: row.places,
      busy: row.running.reduce((sum, { count }) => sum + count, 0),
      running: row.running.filter((each) => each.workspace === workspace),
    }));
  }

  async #first(
    queue: keys.JobQueue,
    signal?: AbortSignal,
  ): Promise<OldestWaiting | null> {
    const rows = list<JobRow>(this.#store, keys.dueJobs(queue), {
      limit: 1,
      signal,
    });
    for await (const { key, value } of rows) {
      const { runAtMs, job, kind } = keys.parseJobDueKey(key);
      return { job, space: value.space, kind, dueAtMs: runAtMs };
    }
    return null;
  }
}

function sumOf(kinds: Readonly<Record<string, StatusCounts>>): JobCounts {
  const total = noCounts();
  for (const counts of Object.values(kinds)) {
    total.queued += counts.queued;
    total.running += counts.running;
    total.completed += counts.completed;
    total.dead += counts.dead;
    total.cancelled += counts.cancelled;
  }
  return { total, kinds: { ...kinds } };
}

function ratesOf({ waited, took, ...flow }: JobFlow): KindRates {
  const spread = (counts: readonly number[]) => {
    const p50 = quantileOf(counts, 0.5);
    const p95 = quantileOf(counts, 0.95);
    return p50 === null || p95 === null ? null : { p50, p95 };
  };
  return { ...flow, waitedMs: spread(waited), tookMs: spread(took) };
}
