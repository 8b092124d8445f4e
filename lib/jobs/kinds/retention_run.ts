/**
 * `retention.run`: removes what is kept no longer, once through all of it, so that whoever runs the server
 * sees it happen. Each process also sweeps by itself, which nothing here depends on.
 */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";

/** Something of which what is old goes. */
export interface Sweep {
  /** What it removes, in words: "ended answers". */
  name: string;
  /** Resolves with how many went, where that is known. */
  sweep: (signal: AbortSignal) => Promise<unknown>;
}

const inputSchema = z.strictObject({});

const MINUTE_MS = 60_000;

export class RetentionRun implements JobKind<Record<never, never>> {
  readonly kind = "retention.run";
  readonly input = inputSchema;
  readonly isPublic = true;
  readonly needs = "operator";
  readonly priority = "bulk";
  readonly maxAttempts = 3;
  readonly deadlineMs = 60 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #sweeps: readonly Sweep[];
  readonly #find: FindStanding;

  constructor(sweeps: readonly Sweep[], find: FindStanding) {
    this.#sweeps = sweeps;
    this.#find = find;
  }

  describe(): string {
    return "Removal of what is kept no longer";
  }

  /** One that fails does not keep the others from being done; then the job is tried again. */
  async handle(context: JobContext<unknown>): Promise<JobOutcome> {
    const { signal, progress, log } = context;
    await jobCaller(context, "operator", this.#find);
    const removed: Record<string, number | null> = {};
    const failed: string[] = [];
    for (const [place, { name, sweep }] of this.#sweeps.entries()) {
      signal.throwIfAborted();
      progress(place / this.#sweeps.length, `Looks at ${name}`);
      try {
        const count = await sweep(signal);
        removed[name] = typeof count === "number" ? count : null;
      } catch (error) {
        signal.throwIfAborted();
        log.warn("What is kept no longer could not be removed", {
          what: name,
          error,
        });
        failed.push(name);
      }
    }
    if (failed.length > 0) {
      throw new Error(`These could not be removed: ${failed.join(", ")}`);
    }
    const total = Object.values(removed).reduce<number>(
      (sum, count) => sum + (count ?? 0),
      0,
    );
    return {
      result: {
        text: total === 0
          ? "Nothing was old enough to go."
          : `Removed ${
            total.toLocaleString("en-US")
          } things that were old enough to go.`,
        removed,
      },
    };
  }
}
