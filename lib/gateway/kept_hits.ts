/** Programs' requests that a kept answer serves: one row in the ledger, and no run. */
import type { Asker } from "@/lib/auth/asker.ts";
import type { CacheHit } from "@/lib/cache/answer.ts";
import type { Answers } from "@/lib/cache/answers.ts";
import type { CacheKey } from "@/lib/cache/cache_key.ts";
import { toUsage } from "@/lib/chat/run_execution.ts";
import type { BuiltRequest } from "@/lib/chat/run_requests.ts";
import type { Clock } from "@/lib/clock.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import { overheadOf } from "@/lib/observe/stages.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import type { Usage } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { ChatCompletion } from "./chat/input.ts";
import { KeptAnswers } from "./chat/kept_answer.ts";

export interface KeptHitsParts {
  answers: Pick<Answers, "taken" | "cache">;
  /** Writes a row of the ledger; nobody waits for it. */
  recordUsage: (workspace: string, row: LedgerRow) => Promise<void>;
  observer: RunObserver;
  clock: Pick<Clock, "now">;
}

/** A request and the kept answer to it. */
export interface KeptHit {
  key: CacheKey;
  hit: CacheHit;
  built: BuiltRequest;
  input: ChatCompletion;
  asker: Asker;
  requestId: string;
  trace: RequestTrace | null;
  logger: Logger;
  /** The request is a line of a batch. */
  isBatch?: boolean;
}

export class KeptHits {
  readonly #parts: KeptHitsParts;
  readonly #bodies: KeptAnswers;

  constructor(parts: KeptHitsParts) {
    this.#parts = parts;
    this.#bodies = new KeptAnswers((answer, hash, bytes) =>
      parts.answers.cache.grow(hash, answer, bytes)
    );
  }

  /** Answers with what is kept. */
  async respond(request: KeptHit): Promise<Response> {
    const { answers, recordUsage } = this.#parts;
    const { key, hit, built, input, asker, logger } = request;
    const { answer, outcome } = hit;
    const savedMicroUsd = answers.taken(hit);
    const row = this.#row(request, savedMicroUsd);
    recordUsage(asker.workspace, row).catch((error) =>
      logger.warn("Kept answer could not be put into the ledger", { error })
    );
    this.#tell(request, row);
    const kept = {
      answer,
      hash: key.hash,
      model: built.model,
      input,
      usage: usageOf(request),
    };
    return await this.#bodies.response(kept, { "x-freshet-cache": outcome });
  }

  #row(
    { hit: { answer, outcome }, built, asker, requestId, isBatch, trace }:
      KeptHit,
    savedMicroUsd: number,
  ): LedgerRow {
    return {
      // There is none.
      run: "",
      epoch: 1,
      request: requestId,
      thread: null,
      user: asker.user,
      key: asker.key,
      model: built.model,
      provider: answer.served.provider,
      source: isBatch ? "batch" : "v1",
      status: "completed",
      inputTokens: 0,
      cachedInputTokens: 0,
      outputTokens: 0,
      estimated: false,
      costMicroUsd: 0,
      error: null,
      startedAt: new Date(this.#parts.clock.now()).toISOString(),
      firstTokenMs: 0,
      totalMs: 0,
      cache: outcome,
      savedMicroUsd,
      overheadMs: overheadOf(trace),
    };
  }

  #tell(
    { hit: { answer, outcome }, asker, requestId, trace }: KeptHit,
    row: LedgerRow,
  ): void {
    this.#parts.observer.runEnded({
      workspace: asker.workspace,
      user: asker.user,
      key: asker.key,
      request: requestId,
      run: row.run,
      epoch: row.epoch,
      thread: null,
      source: "v1",
      startedAtMs: Date.parse(row.startedAt),
      model: row.model,
      provider: answer.served.provider,
      servedModel: answer.served.model,
      attempts: [],
      status: "completed",
      finishReason: answer.finishReason,
      inputTokens: 0,
      cachedInputTokens: 0,
      outputTokens: 0,
      estimated: false,
      costMicroUsd: 0,
      savedMicroUsd: row.savedMicroUsd ?? 0,
      cache: outcome,
      error: null,
      firstTokenMs: null,
      totalMs: 0,
      chunks: answer.deltas.length,
    }, trace);
  }
}

/** What the answer used, as its caller is told. */
function usageOf({ hit: { answer }, built }: KeptHit): Usage {
  if (answer.usage !== null) return { ...answer.usage, estimated: false };
  let text = "";
  for (const delta of answer.deltas) {
    if (delta.type === "text") text += delta.text;
  }
  return toUsage(null, built.request.messages, text);
}
