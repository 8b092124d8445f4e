/**
 * Chooses what a process does next: by priority, in turn between workspaces, and in each of them in turn
 * between kinds, within the bounds of each kind.
 */
import type { JobQueue } from "@/lib/kv/keys.ts";
import type { JobKinds } from "./job_kind.ts";
import { JOB_PRIORITIES } from "./job_record.ts";
import type { DueJob, JobStore } from "./job_store.ts";

/** What is done already, by kind, and by workspace and kind. */
export interface Busy {
  ofKind(kind: string): number;
  inWorkspace(workspace: string, kind: string): number;
  /** Whether this process has the job already. */
  has(job: string): boolean;
}

/** Queues that are looked at in one go. */
const MAX_QUEUES = 1_000;

/** Jobs of a queue that are read at a time. */
const JOBS_PER_READ = 32;

/** A job that was chosen, and its kind. */
export interface Picked extends DueJob {
  kind: string;
  workspace: string;
}

export class JobPicker {
  readonly #store: JobStore;
  readonly #kinds: JobKinds;
  /** Workspace that was served last, by priority. */
  readonly #last = new Map<number, string>();

  constructor(store: JobStore, kinds: JobKinds) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** At most so many jobs that wait and may be begun now. */
  async pick(
    most: number,
    busy: Busy,
    paused: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Picked[]> {
    const picked: Picked[] = [];
    for (const priority of JOB_PRIORITIES.keys()) {
      if (picked.length >= most) break;
      const queues = (await this.#store.queues(priority, MAX_QUEUES, signal))
        .filter(({ kind }) =>
          this.#kinds.get(kind) !== null && !paused.has(kind)
        );
      await this.#pickFrom(priority, queues, { picked, most, busy, signal });
    }
    return picked;
  }

  async #pickFrom(
    priority: number,
    queues: JobQueue[],
    { picked, most, busy, signal }: {
      picked: Picked[];
      most: number;
      busy: Busy;
      signal: AbortSignal;
    },
  ): Promise<void> {
    const turns = this.#turns(priority, queues);
    while (turns.length > 0 && picked.length < most) {
      const turn = turns.shift()!;
      const queue = turn.queues.shift();
      // The workspace has nothing more that may be begun.
      if (queue === undefined) continue;
      const room = this.#room(queue, picked, busy);
      const job = room > 0 ? await queue.next(busy, signal) : null;
      if (job !== null) {
        picked.push({ ...job, kind: queue.kind, workspace: queue.workspace });
        this.#last.set(priority, queue.workspace);
        // Another kind is next in this workspace, another workspace before that.
        turn.queues.push(queue);
      }
      turns.push(turn);
    }
  }

  /** How many more of a queue may be begun. */
  #room(
    { kind, workspace }: JobQueue,
    picked: readonly Picked[],
    busy: Busy,
  ): number {
    const { perProcess, perWorkspace } = this.#kinds.get(kind)!;
    const ofKind = picked.filter((each) => each.kind === kind);
    const here = ofKind.filter((each) => each.workspace === workspace);
    return Math.min(
      perProcess - busy.ofKind(kind) - ofKind.length,
      perWorkspace - busy.inWorkspace(workspace, kind) - here.length,
    );
  }

  /** The workspaces in the order in which they are served: behind the last one first. */
  #turns(priority: number, queues: readonly JobQueue[]) {
    const byWorkspace = Map.groupBy(queues, ({ workspace }) => workspace);
    const last = this.#last.get(priority) ?? "";
    const names = [...byWorkspace.keys()].sort();
    const first = names.findIndex((name) => name > last);
    const order = first === -1
      ? names
      : [...names.slice(first), ...names.slice(0, first)];
    return order.map((name) => ({
      queues: byWorkspace.get(name)!.map((queue) =>
        new QueueReader(this.#store, queue)
      ),
    }));
  }
}

/** Reads the jobs of one queue, the longest due first. */
class QueueReader implements JobQueue {
  readonly priority: number;
  readonly workspace: string;
  readonly kind: string;
  readonly #store: JobStore;
  #jobs: DueJob[] | null = null;

  constructor(store: JobStore, { priority, workspace, kind }: JobQueue) {
    this.#store = store;
    this.priority = priority;
    this.workspace = workspace;
    this.kind = kind;
  }

  /** The next job that this process does not have; null when there is none. */
  async next(busy: Busy, signal: AbortSignal): Promise<DueJob | null> {
    this.#jobs ??= await this.#store.due(this, JOBS_PER_READ, signal);
    while (this.#jobs.length > 0) {
      const job = this.#jobs.shift()!;
      if (!busy.has(job.id)) return job;
    }
    return null;
  }
}
