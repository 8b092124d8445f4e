/** Makes the record of a request out of what is known of it when it is over. */
import type {
  KeptHeaders,
  RequestRecord,
  RequestSource,
  RunFacts,
} from "./request_record.ts";
import type { Answered, RequestTrace } from "./request_trace.ts";
import { rounded, type Stage } from "./stages.ts";

/** Attempts and stages that a record keeps: what was tried again and again repeats itself. */
const MAX_ATTEMPTS = 20;
const MAX_STAGES = 40;
/** Characters of a message of an error that a record keeps. */
const MAX_MESSAGE = 500;

/**
 * The record of a request with its run, if it had one; null for a request that asks no model, and where
 * another process will tell of the run.
 */
export function fromTrace(
  trace: RequestTrace,
  nowMs: number,
): RequestRecord | null {
  const { source, answered, ended } = trace;
  if (source === null || answered === null || trace.isLeft) return null;
  return {
    ...partsOf(trace, source, nowMs),
    status: ended?.status ??
      (trace.run !== null && answered.status < 400 ? "attached" : "refused"),
    httpStatus: answered.status,
    overheadMs: rounded(answered.overheadMs),
  };
}

/** A request that goes on, as far as it is known by now; null for one that asks no model. */
export function fromOpenTrace(
  trace: RequestTrace,
  nowMs: number,
): RequestRecord | null {
  const { source, answered } = trace;
  if (source === null) return null;
  return {
    ...partsOf(trace, source, nowMs),
    status: "running",
    httpStatus: answered?.status ?? null,
    overheadMs: rounded(answered?.overheadMs ?? trace.stages.overheadMs()),
  };
}

function partsOf(trace: RequestTrace, source: RequestSource, nowMs: number) {
  const { ended, answered, headers, job } = trace;
  const error = ended?.error ?? trace.error;
  return {
    id: trace.id,
    method: trace.method,
    route: trace.route,
    source,
    user: trace.user,
    key: trace.key,
    ...runPart(ended),
    run: trace.run,
    model: ended?.model ?? trace.model,
    stages: stagesOf(trace.stages.all),
    error: error && shortened(error),
    totalMs: rounded(trace.stages.elapsedMs),
    startedAt: new Date(trace.startedAtMs).toISOString(),
    finishedAt: new Date(nowMs).toISOString(),
    ...headers === null ? {} : { headers: withOwn(headers, trace, answered) },
    ...job === null ? {} : { job },
  };
}

/**
 * The record of a request whose run was begun again by another process; it takes the place of what that
 * one may have written. Null when no request began the run.
 */
export function fromFacts(
  facts: RunFacts,
  nowMs: number,
): RequestRecord | null {
  if (facts.request === null) return null;
  return {
    id: facts.request,
    method: "POST",
    route: "restart",
    source: facts.source,
    user: facts.user,
    key: facts.key,
    ...runPart(facts),
    run: facts.run,
    model: facts.model,
    stages: stagesOf(facts.stages ?? []),
    status: facts.status,
    httpStatus: null,
    error: facts.error && shortened(facts.error),
    overheadMs: null,
    totalMs: rounded(facts.totalMs),
    startedAt: new Date(facts.startedAtMs).toISOString(),
    finishedAt: new Date(nowMs).toISOString(),
  };
}

/** With those that every response gets at its very end. */
function withOwn(
  { request, response }: KeptHeaders,
  { id, stages, rateHeaders }: RequestTrace,
  answered: Answered | null,
): KeptHeaders {
  if (answered === null) return { request, response };
  const own = new Map([
    ...response,
    ["server-timing", stages.serverTiming()] as const,
    ["x-freshet-overhead-ms", String(rounded(answered.overheadMs))] as const,
    ["x-request-id", id] as const,
    ...Object.entries(rateHeaders),
  ]);
  return {
    request,
    response: [...own].filter(([, value]) => value !== "")
      .sort(([one], [two]) => one < two ? -1 : 1),
  };
}

function runPart(facts: RunFacts | null) {
  return {
    thread: facts?.thread ?? null,
    epoch: facts?.epoch ?? null,
    provider: facts?.provider ?? null,
    servedModel: facts?.servedModel ?? null,
    attempts: (facts?.attempts ?? []).slice(-MAX_ATTEMPTS).map((attempt) => ({
      provider: attempt.provider,
      model: attempt.model,
      startedAtMs: attempt.startedAtMs,
      durationMs: orRounded(attempt.durationMs),
      firstTokenMs: orRounded(attempt.firstTokenMs),
      outcome: attempt.outcome,
      error: attempt.error,
    })),
    finishReason: facts?.finishReason ?? null,
    usage: facts === null ? null : {
      inputTokens: facts.inputTokens,
      cachedInputTokens: facts.cachedInputTokens,
      outputTokens: facts.outputTokens,
      estimated: facts.estimated,
    },
    costMicroUsd: facts?.costMicroUsd ?? null,
    savedMicroUsd: facts?.savedMicroUsd ?? 0,
    cache: facts?.cache ?? null,
    firstTokenMs: orRounded(facts?.firstTokenMs ?? null),
    hasBodies: false,
  };
}

function stagesOf(stages: readonly Stage[]): Stage[] {
  return stages.slice(0, MAX_STAGES).map((stage) => ({
    ...stage,
    startMs: rounded(stage.startMs),
    durationMs: orRounded(stage.durationMs),
  }));
}

function orRounded(ms: number | null): number | null {
  return ms === null ? null : rounded(ms);
}

function shortened(error: { code: string; message: string }) {
  return { code: error.code, message: error.message.slice(0, MAX_MESSAGE) };
}
