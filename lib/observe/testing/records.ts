/** Records of requests for tests. */
import type { RequestRecord, RunFacts } from "../request_record.ts";
import { idBound } from "../request_time.ts";

/** The record of a request that came in at a time, milliseconds since 1970 UTC. */
export function record(
  atMs: number,
  more: Partial<RequestRecord> = {},
): RequestRecord {
  const at = new Date(atMs).toISOString();
  return {
    id: idBound(atMs),
    method: "POST",
    route: "/v1/chat/completions",
    source: "v1",
    user: null,
    key: null,
    thread: null,
    run: "run_1",
    epoch: 1,
    model: "m1",
    provider: "fake",
    servedModel: "m1",
    attempts: [],
    stages: [],
    status: "completed",
    httpStatus: 200,
    finishReason: "stop",
    usage: {
      inputTokens: 3,
      cachedInputTokens: 0,
      outputTokens: 5,
      estimated: false,
    },
    costMicroUsd: 7,
    savedMicroUsd: 0,
    cache: null,
    error: null,
    firstTokenMs: 10,
    overheadMs: 1,
    totalMs: 20,
    startedAt: at,
    finishedAt: at,
    hasBodies: false,
    ...more,
  };
}

/** What the end of a run tells. */
export function facts(more: Partial<RunFacts> = {}): RunFacts {
  return {
    workspace: "wsp_a",
    user: null,
    key: null,
    request: idBound(0),
    run: "run_1",
    epoch: 1,
    thread: null,
    source: "v1",
    startedAtMs: 0,
    model: "m1",
    provider: "fake",
    servedModel: "m1",
    attempts: [],
    status: "completed",
    finishReason: "stop",
    inputTokens: 3,
    cachedInputTokens: 1,
    outputTokens: 5,
    estimated: false,
    costMicroUsd: 2_000_000,
    savedMicroUsd: 0,
    cache: null,
    error: null,
    firstTokenMs: 10,
    totalMs: 20,
    chunks: 4,
    ...more,
  };
}
