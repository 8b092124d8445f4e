/** What is kept of a request that asked a model. */
import type { CacheOutcome } from "@/lib/cache/answer.ts";
import type {
  RecordedAttempt,
  RecordedRequest,
  RunStatus,
} from "@/lib/shared/wire.ts";
import type { Stage } from "./stages.ts";

/** What kind of caller asked: a page or program over `/api`, or a program over `/v1`. */
export type RequestSource = "chat" | "v1";

/** One try at one model of one provider. */
export type RequestAttempt = RecordedAttempt;

/** A run that has ended, as its owner tells of it. */
export interface RunFacts {
  workspace: string;
  /** Who asked; null: nobody in particular. */
  user: string | null;
  /** API key, or null for a session. */
  key: string | null;
  /** Request that began it, or null when no request did. */
  request: string | null;
  run: string;
  epoch: number;
  thread: string | null;
  source: RequestSource;
  /** When it was begun, milliseconds since 1970 UTC. */
  startedAtMs: number;
  /** Name of the model as the caller used it. */
  model: string;
  provider: string | null;
  /** The provider's own name of the model that answered, or null. */
  servedModel: string | null;
  attempts: readonly RequestAttempt[];
  status: RunStatus;
  finishReason: string | null;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  /** Whether the tokens are an estimate. */
  estimated: boolean;
  /** What it paid, in micro-dollars; null for an unpriced model. */
  costMicroUsd: number | null;
  /** What it would have paid more without the cache, in micro-dollars. */
  savedMicroUsd: number;
  cache: CacheOutcome | null;
  error: { code: string; message: string } | null;
  /** From when the provider was asked to the first delta, milliseconds; null when none came. */
  firstTokenMs: number | null;
  /** From when the provider was asked to the end, in milliseconds. */
  totalMs: number;
  /** Pieces of the answer that were handed to followers. */
  chunks: number;
  /** Stages of this execution, for a run that no request of this process began. */
  stages?: readonly Stage[];
  /** Question and answer, made only where the settings want them kept. */
  bodies?: () => { request: string; response: string };
}

/**
 * How a request ended: as its run did, or without one: `refused` (4xx, 5xx), or `attached` to a run that
 * an earlier request had begun.
 */
export type RequestStatus = RunStatus | "refused" | "attached";

/** Names and values, in the order of the names. */
export interface KeptHeaders {
  request: readonly (readonly [name: string, value: string])[];
  response: readonly (readonly [name: string, value: string])[];
}

/** The record of one request, as `GET /api/requests/:id` shows it. */
export interface RequestRecord extends RecordedRequest {
  attempts: readonly RequestAttempt[];
  stages: readonly Stage[];
  status: RequestStatus;
  cache: CacheOutcome | null;
  /** Absent in records of earlier versions, and for a run that was begun again. */
  headers?: KeptHeaders;
}
