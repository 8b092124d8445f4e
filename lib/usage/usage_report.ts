/** What was used in a workspace in a span of time, as a report tells it. */
import type { UsageQuery, UsageQuestion, UsageTotals } from "./usage_query.ts";
import type { UsageSummary } from "./usage_tally.ts";

/** A model or a person. */
export interface UsageGroup extends UsageSummary {
  /** Name of the model, `usr_` id, or empty: nobody in particular. */
  key: string;
}

export interface UsageFigures {
  totals: UsageTotals;
  /** The same of as long a time before. */
  before: UsageTotals;
  /** The costliest first, then those with most tokens. */
  models: UsageGroup[];
  people: UsageGroup[];
  /** Whose days were told: those of UTC where the asked ones are kept no longer. */
  timeZone: string;
}

/**
 * Reads it out of the sums: a year costs about as much as a week.
 * @param fromMs milliseconds since 1970 UTC
 * @param toMs excluded
 * @param beforeMs where the time before begins
 * @throws as `UsageQuery.ask` does
 */
export async function readUsage(
  query: Pick<UsageQuery, "ask">,
  workspace: string,
  { fromMs, toMs, beforeMs, timeZone }: {
    fromMs: number;
    toMs: number;
    beforeMs: number;
    timeZone: string;
  },
  signal: AbortSignal,
): Promise<UsageFigures> {
  const ask = (more: Partial<UsageQuestion>) =>
    query.ask(workspace, {
      fromMs,
      toMs,
      timeZone,
      bucket: "day",
      groupBy: null,
      filters: {},
      series: 0,
      rankBy: "cost",
      times: "totals",
      ...more,
    }, signal);
  const models = await ask({ groupBy: "model" });
  const people = await ask({ groupBy: "user" });
  const before = await ask({ fromMs: beforeMs, toMs: fromMs });
  return {
    totals: models.totals,
    before: before.totals,
    models: byCost(models.groups),
    people: byCost(people.groups),
    timeZone: models.timeZone,
  };
}

function byCost(groups: readonly UsageGroup[]): UsageGroup[] {
  const tokens = (sums: UsageSummary) => sums.inputTokens + sums.outputTokens;
  return groups.toSorted((left, right) =>
    right.costMicroUsd - left.costMicroUsd || tokens(right) - tokens(left)
  );
}
