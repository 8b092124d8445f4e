/** `usage.check`: compares the sums of usage with the ledger, and makes days anew that differ. */
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
/** Differences that are told in words. */
const MOST_TOLD = 20;

interface Found {
  days: number;
  requests: number;
  differences: string[];
}

export class UsageCheckKind implements JobKind<UsageDaysInput> {
  readonly kind = "usage.check";
  readonly input = usageDaysSchema;
  readonly isPublic = true;
  readonly notifies = true;
  readonly needs = "admin";
  readonly priority = "bulk";
  readonly maxAttempts = 3;
  readonly deadlineMs = 240 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: UsageDaysParts & { now: () => number };
  readonly #find: FindStanding;

  constructor(
    parts: UsageDaysParts & { now: () => number },
    find: FindStanding,
  ) {
    this.#parts = parts;
    this.#find = find;
  }

  needsFor({ scope }: UsageDaysInput): JobNeeds | undefined {
    return scope === "server" ? "operator" : undefined;
  }

  describe({ scope }: UsageDaysInput): string {
    return scope === "server"
      ? "Check of the sums of usage of all workspaces"
      : "Check of the sums of usage";
  }

  async handle(context: JobContext<UsageDaysInput>): Promise<JobOutcome> {
    const { input, signal, log } = context;
    await jobCaller(context, this.needsFor(input) ?? "admin", this.#find);
    const { check, upkeep, now } = this.#parts;
    const bySpace = new Map<string, Found>();
    await eachDay(this.#parts, context, async (space, dayMs) => {
      const found = bySpace.get(space) ??
        { days: 0, requests: 0, differences: [] };
      bySpace.set(space, found);
      const { requests, differences } = await check.check(space, dayMs, signal);
      found.days += 1;
      found.requests += requests;
      found.differences.push(...differences);
      if (differences.length === 0) return;
      log.error("Sums of usage are not what the ledger comes to", {
        space,
        differences: differences.slice(0, MOST_TOLD),
      });
      await check.rebuild(space, dayMs, signal);
    });
    for (const [space, { days, requests, differences }] of bySpace) {
      await upkeep.keepCheck(space, {
        v: 1,
        atMs: now(),
        days,
        requests,
        differences: differences.slice(0, MOST_TOLD),
      }, signal);
    }
    return { result: resultOf([...bySpace.values()]) };
  }
}

function resultOf(found: readonly Found[]) {
  const days = found.reduce((sum, each) => sum + each.days, 0);
  const requests = found.reduce((sum, each) => sum + each.requests, 0);
  const differences = found.flatMap((each) => each.differences);
  const looked = `${requests.toLocaleString("en-US")} requests of ${
    days === 1 ? "1 day" : `${days} days`
  }`;
  return {
    text: differences.length === 0
      ? `Sums and ledger agree: ${looked}.`
      : `Sums and ledger differed in ${differences.length} places of ${looked}; those days were added up anew.`,
    days,
    requests,
    differences: differences.slice(0, MOST_TOLD),
  };
}
