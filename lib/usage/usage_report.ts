/** What was used in a workspace in a span of time, added up from its ledger. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LedgerRow } from "./ledger_row.ts";
import type { Ledger } from "./ledger_store.ts";

/** Sums over some rows. */
export interface UsageSums {
  requests: number;
  /** Of these, those that failed. */
  errors: number;
  inputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  /** Answers of models without a price, which are not in the cost. */
  unpriced: number;
  cacheHits: number;
  savedMicroUsd: number;
}

/** Sums of one model or person. */
export interface UsageGroup extends UsageSums {
  /** Name of the model, `usr_` id, or empty: nobody in particular. */
  key: string;
}

export interface UsageReport {
  totals: UsageSums;
  /** The costliest first, then those with most tokens. */
  models: UsageGroup[];
  people: UsageGroup[];
}

/** The loop is given back at least so often while rows are added up, in milliseconds. */
const SLICE_MS = 5;
/** Rows between two looks at the time. */
const ROWS_PER_LOOK = 100;
/** Groups that are kept apart; what comes after counts as others. */
const MOST_GROUPS = 10_000;

/** Key of what is not kept apart. */
export const OTHERS = "(others)";

/**
 * @param fromMs milliseconds since 1970 UTC
 * @param toMs excluded
 * @throws as `Ledger.rows` does
 */
export async function readUsage(
  ledger: Pick<Ledger, "rows">,
  workspace: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<UsageReport> {
  const totals = noUsage();
  const models = new Map<string, UsageSums>();
  const people = new Map<string, UsageSums>();
  let sliceEnd = performance.now() + SLICE_MS;
  let rows = 0;
  for await (const row of ledger.rows(workspace, fromMs, toMs, signal)) {
    add(totals, row);
    add(groupOf(models, row.model), row);
    add(groupOf(people, row.user ?? ""), row);
    rows += 1;
    if (rows % ROWS_PER_LOOK !== 0 || performance.now() < sliceEnd) continue;
    await nextTurn();
    sliceEnd = performance.now() + SLICE_MS;
  }
  return { totals, models: sorted(models), people: sorted(people) };
}

function noUsage(): UsageSums {
  return {
    requests: 0,
    errors: 0,
    inputTokens: 0,
    outputTokens: 0,
    costMicroUsd: 0,
    unpriced: 0,
    cacheHits: 0,
    savedMicroUsd: 0,
  };
}

function groupOf(groups: Map<string, UsageSums>, key: string): UsageSums {
  const place = groups.has(key) || groups.size < MOST_GROUPS ? key : OTHERS;
  const there = groups.get(place) ?? noUsage();
  groups.set(place, there);
  return there;
}

function add(sums: UsageSums, row: LedgerRow): void {
  sums.requests += 1;
  if (row.status === "failed") sums.errors += 1;
  sums.inputTokens += row.inputTokens;
  sums.outputTokens += row.outputTokens;
  if (row.costMicroUsd === null) sums.unpriced += 1;
  else sums.costMicroUsd += row.costMicroUsd;
  if (row.cache?.startsWith("hit")) sums.cacheHits += 1;
  sums.savedMicroUsd += row.savedMicroUsd ?? 0;
}

function sorted(groups: Map<string, UsageSums>): UsageGroup[] {
  const tokens = (sums: UsageSums) => sums.inputTokens + sums.outputTokens;
  return [...groups].map(([key, sums]) => ({ key, ...sums }))
    .sort((left, right) =>
      right.costMicroUsd - left.costMicroUsd || tokens(right) - tokens(left)
    );
}
