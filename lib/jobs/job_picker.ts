/**
 * Chooses what a process does next: by priority, and among workspaces always the one that has the fewest
 * places, in all processes together; where that is even, the one that was served longest ago, and in it
 * the kind that was. Each kind keeps its bounds, and the lower priorities leave some places free.
 */
import type { JobQueue } from "@/lib/kv/keys.ts";
import type { JobKinds } from "./job_kind.ts";
import { JOB_PRIORITIES } from "./job_record.ts";
import type { JobQueues, WaitingQueue } from "./job_queues.ts";
import { type DueJob, queueName } from "./job_store.ts";
import { LastServed } from "./last_served.ts";
import { QueueReader } from "./queue_reader.ts";

/** What is being done already. */
export interface Busy {
  /** Jobs of a kind, in this process. */
  ofKind(kind: string): number;
  /** Jobs of a kind in a workspace, in this process. */
  inQueue(workspace: string, kind: string): number;
  /** Jobs of a workspace, in all processes as far as is known. */
  inWorkspace(workspace: string): number;
  /** Jobs in all, in this process. */
  readonly places: number;
  /** Whether this process has the job already. */
  has(job: string): boolean;
}

export interface PickOptions {
  /** What waits; see `look`. */
  queues: readonly WaitingQueue[];
  /** At most so many. */
  most?: number;
  /** Places of this process in all. */
  places: number;
  busy: Busy;
  /** Queues of which nothing is begun; see `queueName`. */
  paused: ReadonlySet<string>;
  /** Whether other processes claim of the same queues at this moment. */
  isContended: boolean;
  signal: AbortSignal;
}

/** Queues that are looked at in one go, of one priority. */
const MAX_QUEUES = 256;

/** Share of the places that the jobs of a priority and those below it may have together. */
const SHARES = [1, 7 / 8, 3 / 4];

/** A job that was chosen, and where it waited. */
export interface Picked extends DueJob {
  kind: string;
  workspace: string;
}

export class JobPicker {
  readonly #queues: JobQueues;
  readonly #kinds: JobKinds;
  readonly #random: () => number;
  readonly #served = new LastServed();
  /** Where the look at the queues of a priority goes on when there are too many for one. */
  readonly #behind = new Map<number, JobQueue | null>();

  constructor(waiting: JobQueues, kinds: JobKinds, random = Math.random) {
    this.#queues = waiting;
    this.#kinds = kinds;
    this.#random = random;
  }

  /** The jobs that may be begun now. */
  async pick(options: PickOptions): Promise<Picked[]> {
    const picked: Picked[] = [];
    for (const [priority, share] of SHARES.entries()) {
      const most = Math.min(
        Math.ceil(options.places * share) - options.busy.places,
        options.most ?? Infinity,
      );
      const own = options.queues.filter(({ queue }) =>
        queue.priority === priority && this.#kinds.get(queue.kind) !== null &&
        !options.paused.has(queueName(queue))
      );
      await this.#pickFrom(own, most, picked, options);
    }
    return picked;
  }

  /**
   * The queues in which something waits. Mostly one read tells everything; where much waits, each priority
   * is looked at in turn.
   */
  async look(signal: AbortSignal): Promise<WaitingQueue[]> {
    const all = await this.#queues.waiting(null, {
      behind: null,
      mostQueues: 1,
      signal,
    });
    if (all.stoppedAt === null) return all.queues;
    const each = await Promise.all(
      JOB_PRIORITIES.map((_, priority) => this.#lookAt(priority, signal)),
    );
    return each.flat();
  }

  async #lookAt(
    priority: number,
    signal: AbortSignal,
  ): Promise<WaitingQueue[]> {
    const behind = this.#behind.get(priority) ?? null;
    const { queues, stoppedAt } = await this.#queues.waiting(priority, {
      behind,
      mostQueues: MAX_QUEUES,
      signal,
    });
    this.#behind.set(priority, stoppedAt);
    if (behind === null || stoppedAt !== null) return queues;
    // The end was reached: from the beginning on there may be more.
    const rest = await this.#queues.waiting(priority, {
      behind: null,
      mostQueues: MAX_QUEUES - queues.length,
      signal,
    });
    const names = new Set(queues.map(({ queue }) => queueName(queue)));
    return [
      ...queues,
      ...rest.queues.filter(({ queue }) => !names.has(queueName(queue))),
    ];
  }

  async #pickFrom(
    queues: readonly WaitingQueue[],
    most: number,
    picked: Picked[],
    { busy, isContended, signal }: PickOptions,
  ): Promise<void> {
    const turns = this.#turns(queues, picked, busy);
    while (turns.length > 0 && picked.length < most) {
      const turn = turns.reduce((first, other) =>
        isBefore(other, first) ? other : first
      );
      const reader = turn.readers[0];
      const room = this.#room(reader.queue, picked, busy);
      const job = room > 0
        ? await reader.next(busy, isContended ? this.#random : null, signal)
        : null;
      if (job === null) {
        turn.readers.shift();
        if (turn.readers.length === 0) turns.splice(turns.indexOf(turn), 1);
        continue;
      }
      const { kind, workspace } = reader.queue;
      picked.push({ ...job, kind, workspace });
      turn.used += 1;
      turn.servedAt = this.#served.serve(workspace);
      this.#served.serve(queueName(reader.queue));
      // Another kind is next in this workspace.
      turn.readers.push(turn.readers.shift()!);
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
      perWorkspace - busy.inQueue(workspace, kind) - here.length,
    );
  }

  #turns(
    queues: readonly WaitingQueue[],
    picked: readonly Picked[],
    busy: Busy,
  ): Turn[] {
    const byWorkspace = Map.groupBy(queues, ({ queue }) => queue.workspace);
    return [...byWorkspace].map(([workspace, own]) => ({
      workspace,
      used: busy.inWorkspace(workspace) +
        picked.filter((each) => each.workspace === workspace).length,
      servedAt: this.#served.at(workspace),
      readers: own
        .toSorted((left, right) =>
          this.#served.at(queueName(left.queue)) -
          this.#served.at(queueName(right.queue))
        )
        .map((queue) => new QueueReader(this.#queues, queue)),
    }));
  }
}

/** A workspace that waits to be served. */
interface Turn {
  workspace: string;
  /** Places that it has. */
  used: number;
  servedAt: number;
  readers: QueueReader[];
}

function isBefore(left: Turn, right: Turn): boolean {
  if (left.used !== right.used) return left.used < right.used;
  if (left.servedAt !== right.servedAt) return left.servedAt < right.servedAt;
  return left.workspace < right.workspace;
}
