/** `anomaly.scan`: looks at the usage of the hours since the last time for what is not as usual. */
import * as z from "zod";
import type { UsageAnomalies } from "@/lib/anomalies/usage_anomalies.ts";
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import type { JobContext, JobKind, JobOutcome } from "../job_kind.ts";
import { workForWorkspaces } from "./anomaly_work.ts";

const inputSchema = z.strictObject({});

const MINUTE_MS = 60_000;

export class AnomalyScan implements JobKind<Record<never, never>> {
  readonly kind = "anomaly.scan";
  readonly input = inputSchema;
  // Each hour has one: lists of jobs show those that fail. A schedule begins it, also by hand.
  readonly isPublic = false;
  readonly needs = "admin";
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 30 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #anomalies: Pick<UsageAnomalies, "look" | "workspaces">;
  readonly #find: FindStanding;

  constructor(
    anomalies: Pick<UsageAnomalies, "look" | "workspaces">,
    find: FindStanding,
  ) {
    this.#anomalies = anomalies;
    this.#find = find;
  }

  describe(): string {
    return "A look for anomalies in usage";
  }

  async handle(context: JobContext<unknown>): Promise<JobOutcome> {
    const { done, failed } = await workForWorkspaces(context, {
      find: this.#find,
      workspaces: (signal) => this.#anomalies.workspaces(signal),
      work: (workspace, signal) => this.#anomalies.look(workspace, signal),
    });
    const looks = done.filter((each) => each !== null);
    const found = looks.reduce((sum, each) => sum + each.found, 0);
    return {
      result: {
        text: looks.length === 0
          ? "It is not known yet what is usual: that takes a week."
          : found === 0
          ? "Nothing new is out of the ordinary."
          : `${found} ${found === 1 ? "anomaly" : "anomalies"} found.`,
        found,
        failed,
      },
    };
  }
}
