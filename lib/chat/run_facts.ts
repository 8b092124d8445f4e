/** What the end of a run is for those who observe the process. */
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { RunFacts } from "@/lib/observe/request_record.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { RunRecord } from "./records.ts";

/** What neither record nor ledger row says. */
export interface FactsBeside extends
  Pick<
    RunFacts,
    "servedModel" | "attempts" | "stages" | "chunks"
  > {
  /** Where the run is. */
  space: string;
  bodies: NonNullable<RunFacts["bodies"]>;
}

/**
 * @param record the run in its last state
 * @param row what its last attempt used and cost
 */
export function runFacts(
  record: RunRecord,
  row: LedgerRow,
  { space, bodies, ...beside }: FactsBeside,
): RunFacts {
  return {
    ...beside,
    workspace: workspaceOf(space),
    user: row.user,
    key: row.key,
    request: row.request,
    run: row.run,
    epoch: row.epoch,
    thread: row.thread,
    source: record.source ?? "chat",
    startedAtMs: Date.parse(row.startedAt),
    model: row.model,
    provider: record.provider,
    status: record.status,
    finishReason: record.finishReason,
    inputTokens: row.inputTokens,
    cachedInputTokens: row.cachedInputTokens,
    outputTokens: row.outputTokens,
    estimated: row.estimated,
    costMicroUsd: row.costMicroUsd,
    savedMicroUsd: row.savedMicroUsd ?? 0,
    cache: record.cache ?? null,
    error: record.error &&
      { code: record.error.code, message: record.error.message },
    firstTokenMs: row.firstTokenMs,
    totalMs: row.totalMs,
    // A temporary thread leaves nothing behind.
    ...(record.temporary ? {} : { bodies }),
  };
}
