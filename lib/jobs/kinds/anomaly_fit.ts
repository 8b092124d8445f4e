/** `anomaly.fit`: learns from the last weeks what is usual in a workspace, as a new version. */
import * as z from "zod";
import type { UsageAnomalies } from "@/lib/anomalies/usage_anomalies.ts";
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import type { JobContext, JobKind, JobOutcome } from "../job_kind.ts";
import { workForWorkspaces } from "./anomaly_work.ts";

const inputSchema = z.strictObject({});

const MINUTE_MS = 60_000;

export class AnomalyFit implements JobKind<Record<never, never>> {
  readonly kind = "anomaly.fit";
  readonly input = inputSchema;
  readonly isPublic = true;
  readonly needs = "admin";
  readonly priority = "bulk";
  readonly maxAttempts = 3;
  readonly deadlineMs = 60 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #anomalies: Pick<UsageAnomalies, "fit" | "workspaces">;
  readonly #find: FindStanding;

  constructor(
    anomalies: Pick<UsageAnomalies, "fit" | "workspaces">,
    find: FindStanding,
  ) {
    this.#anomalies = anomalies;
    this.#find = find;
  }

  describe(): string {
    return "What is usual in usage";
  }

  async handle(context: JobContext<unknown>): Promise<JobOutcome> {
    const { done, failed } = await workForWorkspaces(context, {
      find: this.#find,
      workspaces: (signal) => this.#anomalies.workspaces(signal),
      work: (workspace, signal) => this.#anomalies.fit(workspace, signal),
    });
    const versions = done.filter((each) => each !== null);
    const series = versions.reduce((sum, each) => sum + each.series, 0);
    return {
      result: {
        text: versions.length === 0
          ? "There is too little usage yet: it takes a week."
          : `Learnt what is usual of ${series.toLocaleString("en")} ${
            series === 1 ? "thing" : "things"
          }.`,
        versions: versions.map(({ version }) => version),
        series,
        failed,
      },
    };
  }
}
