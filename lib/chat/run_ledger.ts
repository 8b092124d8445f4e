/** What a run's attempt used and cost, as the ledger keeps it. */
import type { PriceList } from "@/lib/llm/prices.ts";
import type { TokenUsage } from "@/lib/llm/types.ts";
import type { LedgerRow, LedgerStatus } from "@/lib/usage/ledger_row.ts";
import type { RunRecord } from "./records.ts";

/** How long the parts of an attempt took, in milliseconds since the provider was asked. */
export interface AttemptTimes {
  firstTokenMs: number | null;
  totalMs: number;
  /** What this server took of the time, where somebody waited for it. */
  overheadMs?: number;
}

/** What an attempt pays, where the response cache had something to do with it. */
export interface AttemptBill {
  paid: TokenUsage;
  savedMicroUsd: number;
}

/**
 * The attempt that a record tells of, which has just ended; its usage is known or estimated.
 * @param bill without it the attempt pays all of that usage
 */
export function attemptRow(
  record: RunRecord,
  status: LedgerStatus,
  times: AttemptTimes,
  bill?: AttemptBill,
): LedgerRow {
  const { usage } = record;
  const paid = bill?.paid ?? usage;
  return {
    run: record.id,
    epoch: record.epoch,
    request: record.requestId ?? null,
    thread: record.temporary ? null : record.threadId || null,
    user: record.askedBy?.user ?? null,
    key: record.askedBy?.key ?? null,
    model: record.model,
    provider: record.provider ?? "",
    source: record.isBatch ? "batch" : record.source ?? "chat",
    status,
    inputTokens: paid?.inputTokens ?? 0,
    cachedInputTokens: paid?.cachedInputTokens ?? 0,
    outputTokens: paid?.outputTokens ?? 0,
    estimated: usage?.estimated ?? true,
    costMicroUsd: record.costMicroUsd ?? null,
    error: record.error?.code ?? null,
    startedAt: record.startedAt,
    firstTokenMs: times.firstTokenMs,
    totalMs: times.totalMs,
    cache: record.cache ?? null,
    savedMicroUsd: bill?.savedMicroUsd ?? 0,
    overheadMs: times.overheadMs,
  };
}

/** Of an attempt that `isPaidElsewhere`. */
export const NOTHING_PAID: AttemptBill = {
  paid: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  savedMicroUsd: 0,
};

/** Whether a run had its answer from another run's call, or from the cache. */
export function isPaidElsewhere({ cache }: Pick<RunRecord, "cache">): boolean {
  return cache === "joined" || cache === "hit-l1" || cache === "hit-l2";
}

/**
 * What the usage of a run costs, in micro-dollars; null when its model is unpriced, or the counts are
 * beyond all reason: an answer is kept whatever its provider says about it.
 */
export function costOf(
  prices: PriceList,
  record: Pick<
    RunRecord,
    "model" | "servedModel" | "provider" | "usage" | "startedAt"
  >,
): number | null {
  if (record.usage === null) return null;
  const at = new Date(record.startedAt);
  try {
    const { model, servedModel = model, provider, usage } = record;
    return prices.cost(servedModel, usage, at, provider)?.microUsd ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
