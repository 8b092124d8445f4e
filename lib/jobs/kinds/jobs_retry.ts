/** `jobs.retry`: begins the failed jobs of a workspace again, thousands of them if need be. */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import type { JobLists } from "@/lib/jobs/job_lists.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";
import type { JobStatistics } from "@/lib/jobs/job_statistics.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";

export const RETRY_JOB = "jobs.retry";

const inputSchema = z.strictObject({
  /** Null: of every kind. */
  kind: z.string().min(1).max(60).nullable().default(null),
});

type Input = z.output<typeof inputSchema>;

/** Jobs that are begun again side by side. */
const SIDE_BY_SIDE = 20;

export interface JobsRetryParts {
  jobs: Jobs;
  jobLists: JobLists;
  jobStatistics: JobStatistics;
}

export class JobsRetry implements JobKind<Input> {
  readonly kind = RETRY_JOB;
  readonly input = inputSchema;
  readonly isPublic = true;
  readonly needs = "admin";
  readonly notifies = true;
  readonly priority = "interactive";
  readonly maxAttempts = 3;
  readonly deadlineMs = 30 * 60_000;
  readonly perProcess = 2;
  readonly perWorkspace = 1;
  readonly #parts: JobsRetryParts;

  constructor(parts: JobsRetryParts) {
    this.#parts = parts;
  }

  describe({ kind }: Input): string {
    return kind === null
      ? "Retry of all that failed"
      : `Retry of all failed ${kind}`;
  }

  /** From the newest to the oldest, so that what fails again is not met twice. */
  async handle(
    { space, input: { kind }, signal, progress }: JobContext<Input>,
  ): Promise<JobOutcome> {
    const { jobLists, jobStatistics } = this.#parts;
    const workspace = workspaceOf(space);
    const { total, kinds } = await jobStatistics.counts(workspace, signal);
    const failed = kind === null ? total.dead : kinds[kind]?.dead ?? 0;
    let seen = 0;
    let retried = 0;
    let before: string | null = null;
    do {
      const { records, nextBefore } = await jobLists.page(workspace, {
        statuses: ["dead"],
        kind,
        hides: new Set([RETRY_JOB]),
        before,
        limit: SIDE_BY_SIDE,
      }, signal);
      const begun = await Promise.all(
        records.map(({ space, id }) => this.#retry(space, id)),
      );
      retried += begun.filter(Boolean).length;
      seen += records.length;
      before = nextBefore;
      progress(
        Math.min(seen / Math.max(failed, 1), 1),
        `${formatCount(seen)} of ${formatCount(Math.max(failed, seen))}`,
      );
    } while (before !== null);
    return {
      result: {
        text: `${formatPlural(retried, "job")} begun again`,
        href: "/admin/jobs",
        retried,
      },
    };
  }

  /** False: it was begun again, or removed, by somebody else meanwhile. */
  async #retry(space: string, id: string): Promise<boolean> {
    try {
      await this.#parts.jobs.retry(space, id);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return false;
      throw error;
    }
  }
}
