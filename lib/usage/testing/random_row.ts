/** Rows of the ledger for tests. */
import type { LedgerRow } from "../ledger_row.ts";

/** A row that is the same for the same numbers of chance. */
export function randomRow(number: number, random: () => number): LedgerRow {
  const pick = (count: number) => Math.floor(random() * count);
  return {
    run: `run_${number}`,
    epoch: 1,
    request: null,
    thread: null,
    user: `usr_${pick(3)}`,
    key: pick(2) === 0 ? null : "key_1",
    model: `m${pick(2)}`,
    provider: "fake",
    source: "v1",
    status: pick(5) === 0 ? "failed" : "completed",
    inputTokens: pick(100),
    cachedInputTokens: 0,
    outputTokens: pick(100),
    estimated: false,
    costMicroUsd: pick(4) === 0 ? null : pick(1_000),
    error: null,
    startedAt: "2026-01-01T00:00:00.000Z",
    firstTokenMs: pick(500),
    totalMs: 500 + pick(5_000),
    cache: null,
  };
}
