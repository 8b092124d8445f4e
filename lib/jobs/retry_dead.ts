/** Begins many jobs again at once. */
import { AppError } from "@/lib/errors.ts";
import type { JobLists } from "./job_lists.ts";
import type { Jobs } from "./jobs.ts";

/** Jobs that are read, and begun again side by side. */
const PER_PAGE = 100;

export interface RetriedJobs {
  retried: number;
  /** Whether some are left, since the time was over or there were too many. */
  isMore: boolean;
}

/**
 * Begins the dead jobs of a workspace again, the newest first.
 * @param options `kind`: of one kind, null: of all; `most`: so many at most; `deadlineMs`: for so long
 */
export async function retryDead(
  { jobs, jobLists }: { jobs: Jobs; jobLists: JobLists },
  workspace: string,
  { kind, most, deadlineMs }: {
    kind: string | null;
    most: number;
    deadlineMs: number;
  },
  signal: AbortSignal,
): Promise<RetriedJobs> {
  const endsAtMs = performance.now() + deadlineMs;
  let retried = 0;
  let before: string | null = null;
  do {
    const { records, nextBefore } = await jobLists.page(workspace, {
      statuses: ["dead"],
      kind,
      before,
      limit: Math.min(PER_PAGE, most - retried),
    }, signal);
    const begun = await Promise.all(
      records.map(({ space, id }) => retryOne(jobs, space, id)),
    );
    retried += begun.filter(Boolean).length;
    before = nextBefore;
  } while (
    before !== null && retried < most && performance.now() < endsAtMs &&
    !signal.aborted
  );
  return { retried, isMore: before !== null };
}

/** False: it was begun again, or removed, by somebody else meanwhile. */
async function retryOne(
  jobs: Jobs,
  space: string,
  id: string,
): Promise<boolean> {
  try {
    await jobs.retry(space, id);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
