/** Ends all jobs of a space, for who removes what is in it. */
import { stateAfter } from "./job_ends.ts";
import type { JobStatus } from "./job_record.ts";
import type { JobStore, LoadedJob } from "./job_store.ts";

/** Jobs that are read at a time. */
const PER_PAGE = 100;

/**
 * Cancels the jobs of a space, in whatever process they are done.
 * @param before only those made before this one; null: all
 * @returns how many are still being done: their owners have been asked to end them
 */
export async function endJobs(
  jobs: JobStore,
  space: string,
  before: string | null,
  signal: AbortSignal,
): Promise<number> {
  for await (const loaded of jobsOf(jobs, space, "queued", before, signal)) {
    const { record } = loaded;
    const nowMs = jobs.clock.now();
    const { record: next, verb } = stateAfter(
      record,
      { type: "cancelled" },
      null,
      nowMs,
    );
    // One that has begun meanwhile is among those that follow.
    await jobs.change(loaded, { ...next, attempts: record.attempts }, verb);
  }
  let left = 0;
  for await (const loaded of jobsOf(jobs, space, "running", before, signal)) {
    await jobs.requestEnd(loaded, "cancelled");
    left += 1;
  }
  return left;
}

async function* jobsOf(
  jobs: JobStore,
  space: string,
  status: JobStatus,
  before: string | null,
  signal: AbortSignal,
): AsyncGenerator<LoadedJob> {
  let last = before;
  while (true) {
    const query = { status, kind: null, before: last, limit: PER_PAGE };
    const page = await jobs.list(space, query, signal);
    for (const { space: own, id } of page) {
      const loaded = await jobs.load(own, id);
      if (loaded?.record.status === status) yield loaded;
    }
    if (page.length < PER_PAGE) return;
    last = page.at(-1)!.id;
  }
}
