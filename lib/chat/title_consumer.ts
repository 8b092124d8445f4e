/** Has threads named whose first answer is complete, whichever process executed it. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Titles } from "./titles.ts";

export interface TitleConsumerParts {
  titles: Pick<Titles, "isWanted">;
  jobs: Pick<Jobs, "prepare">;
  jobStore: Pick<JobStore, "enqueue" | "findDuplicate">;
}

const KIND = "thread.title";
/** Jobs of one step: each takes two checks. */
const JOBS_PER_STEP = 4;

/**
 * The job is enqueued together with the cursor, so of several processes on one store exactly one asks for
 * a title, and if it dies the next one goes on.
 */
export class TitleConsumer implements Consumer {
  readonly name = "titles";
  readonly #parts: TitleConsumerParts;

  constructor(parts: TitleConsumerParts) {
    this.#parts = parts;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: Parameters<Consumer["handle"]>[1],
  ): Promise<number> {
    const { titles, jobs, jobStore } = this.#parts;
    const threads = new Set<string>();
    for (const [place, { space, event }] of events.entries()) {
      const { threadId, temporary } = event.data;
      if (
        event.type !== "run.completed" || temporary === true ||
        typeof threadId !== "string" || threads.has(threadId) ||
        !await titles.isWanted(space, threadId) ||
        await jobStore.findDuplicate(space, KIND, threadId) !== null
      ) continue;
      if (threads.size === JOBS_PER_STEP) return place;
      threads.add(threadId);
      const job = jobs.prepare(space, {
        kind: KIND,
        input: { threadId, runId: event.subject },
        dedupKey: threadId,
      });
      jobStore.enqueue(unit, job);
    }
    return events.length;
  }

  /** Threads whose events were missed keep the line of their question. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }
}
