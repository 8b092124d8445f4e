/** `usage.rebuild`: makes all sums of usage anew from the ledger; what was right stays as it is. */
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import type {
  JobContext,
  JobKind,
  JobNeeds,
  JobOutcome,
} from "@/lib/jobs/job_kind.ts";
import {
  eachDay,
  type UsageDaysInput,
  type UsageDaysParts,
  usageDaysSchema,
} from "./usage_days.ts";

const MINUTE_MS = 60_000;

export class UsageRebuild implements JobKind<UsageDaysInput> {
  readonly kind = "usage.rebuild";
  readonly input = usageDaysSchema;
  readonly isPublic = true;
  readonly notifies = true;
  readonly needs = "admin";
  readonly priority = "bulk";
  readonly maxAttempts = 5;
  readonly deadlineMs = 240 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: UsageDaysParts;
  readonly #find: FindStanding;

  constructor(parts: UsageDaysParts, find: FindStanding) {
    this.#parts = parts;
    this.#find = find;
  }

  needsFor({ scope }: UsageDaysInput): JobNeeds | undefined {
    return scope === "server" ? "operator" : undefined;
  }

  describe({ scope }: UsageDaysInput): string {
    return scope === "server"
      ? "New sums of usage for all workspaces"
      : "New sums of usage";
  }

  async handle(context: JobContext<UsageDaysInput>): Promise<JobOutcome> {
    const { input, signal } = context;
    await jobCaller(context, this.needsFor(input) ?? "admin", this.#find);
    const { check, upkeep } = this.#parts;
    let days = 0;
    await eachDay(this.#parts, context, async (space, dayMs) => {
      await check.rebuild(space, dayMs, signal);
      days += 1;
    });
    if (input.scope === "server") await upkeep.setWhole(signal);
    const words = days === 1 ? "1 day" : `${days} days`;
    return {
      result: { text: `Added up ${words} of usage from the ledger.`, days },
    };
  }
}
