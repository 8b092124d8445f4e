/** Reads the jobs of one queue, as many as are wanted. */
import type { JobQueue } from "@/lib/kv/keys.ts";
import type { Busy } from "./job_picker.ts";
import type { JobQueues, WaitingQueue } from "./job_queues.ts";
import type { DueJob } from "./job_store.ts";

/** Jobs of a queue that are read at a time beyond the first. */
const JOBS_PER_READ = 64;

/** Reads the jobs of one queue, the longest due first. */
export class QueueReader {
  readonly queue: JobQueue;
  readonly #queues: JobQueues;
  #jobs: DueJob[];
  #isWhole: boolean;

  constructor(queues: JobQueues, { queue, jobs, isWhole }: WaitingQueue) {
    this.#queues = queues;
    this.queue = queue;
    this.#jobs = [...jobs];
    this.#isWhole = isWhole;
  }

  /**
   * The next job that this process does not have; null when there is none.
   * @param random takes any of the next ones, so that not all processes want the same; null: the first
   */
  async next(
    busy: Busy,
    random: (() => number) | null,
    signal: AbortSignal,
  ): Promise<DueJob | null> {
    while (true) {
      while (this.#jobs.length > 0) {
        const place = random === null
          ? 0
          : Math.floor(random() * this.#jobs.length);
        const [job] = this.#jobs.splice(place, 1);
        this.#last = later(this.#last, job);
        if (!busy.has(job.id)) return job;
      }
      if (this.#isWhole || this.#last === null) return null;
      this.#jobs = await this.#queues.dueBehind(
        this.#last,
        JOBS_PER_READ,
        signal,
      );
      this.#isWhole = this.#jobs.length < JOBS_PER_READ;
    }
  }

  #last: DueJob | null = null;
}

/** Place of the time in the key of a job that is due. */
const RUN_AT_PART = -2;

function later(one: DueJob | null, other: DueJob): DueJob {
  if (one === null) return other;
  const [left, right] = [one, other].map(({ key }) =>
    Number(key.at(RUN_AT_PART))
  );
  if (left !== right) return left < right ? other : one;
  return one.id < other.id ? other : one;
}
