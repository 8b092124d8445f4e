/** `models.refresh`: asks every provider anew which models it serves. */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";

const inputSchema = z.strictObject({});

/** Models that are named in the result; the page of models has all of them. */
const MOST_NAMED = 50;

export class ModelsRefresh implements JobKind<Record<never, never>> {
  readonly kind = "models.refresh";
  readonly input = inputSchema;
  readonly isPublic = true;
  readonly needs = "operator";
  readonly priority = "interactive";
  readonly maxAttempts = 3;
  readonly deadlineMs = 60_000;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #models: Pick<ModelRegistry, "refreshLists">;
  readonly #find: FindStanding;

  constructor(
    models: Pick<ModelRegistry, "refreshLists">,
    find: FindStanding,
  ) {
    this.#models = models;
    this.#find = find;
  }

  describe(): string {
    return "New lists of models";
  }

  /** A provider that is down is told of, and keeps the list it had: no further attempt is due for it. */
  async handle(context: JobContext<unknown>): Promise<JobOutcome> {
    await jobCaller(context, "operator", this.#find);
    const lists = await this.#models.refreshLists();
    const silent = lists.filter(({ isListed }) => !isListed)
      .map(({ provider }) => provider);
    const count = lists.reduce((sum, { models }) => sum + models.length, 0);
    const served = lists.length === 0
      ? "No provider is set."
      : `${count} models of ${lists.length} ${
        lists.length === 1 ? "provider" : "providers"
      }.`;
    return {
      result: {
        text: silent.length === 0
          ? served
          : `${served} Gave no list: ${silent.join(", ")}.`,
        providers: lists.map(({ provider, isListed, models }) => ({
          provider,
          isListed,
          count: models.length,
          models: models.slice(0, MOST_NAMED),
        })),
      },
    };
  }
}
