/** A batch as the store keeps it. Times are milliseconds since 1970 UTC; null: that has not come. */
import type { StoredCaller } from "@/lib/auth/stored_callers.ts";

export const BATCH_ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/embeddings",
  "/v1/completions",
] as const;

export type BatchEndpoint = typeof BATCH_ENDPOINTS[number];

export type BatchStatus =
  | "validating"
  | "failed"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "expired"
  | "cancelling"
  | "cancelled";

/** What a batch that is being finished will be. */
export type BatchEnding = "completed" | "expired" | "cancelled" | "failed";

/** What is wrong with the input, in OpenAI's words. */
export interface BatchFault {
  code: string;
  message: string;
  param: string | null;
  /** Counted from 1; null: it is no line's. */
  line: number | null;
}

/** Tokens of all answers so far. */
export interface BatchUsage {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
}

/** How many lines have come to what. */
export interface BatchCounts {
  completed: number;
  failed: number;
  usage: BatchUsage;
}

export interface BatchRecord {
  readonly v: 1;
  id: string;
  endpoint: BatchEndpoint;
  inputFileId: string;
  metadata: Record<string, string> | null;
  /** The files that are made go so many seconds after they were made; null: after 30 days. */
  outputSeconds: number | null;
  askedBy: StoredCaller;
  /** Job that does it. */
  jobId: string;
  status: BatchStatus;
  /** Set once its files are to be made. */
  ending: BatchEnding | null;
  /** Requests in it, once they are known. */
  total: number;
  /** Model of its first request. */
  model: string | null;
  faults: BatchFault[];
  /** Set at the end. */
  counts: BatchCounts | null;
  outputFileId: string | null;
  errorFileId: string | null;
  createdAtMs: number;
  expiresAtMs: number;
  inProgressAtMs: number | null;
  finalizingAtMs: number | null;
  cancellingAtMs: number | null;
  /** When it came to its end, whichever that is. */
  endedAtMs: number | null;
  token?: string;
}

/** How far a batch is: everything up to a line is done, and perhaps some of what follows. */
export interface BatchProgress extends BatchCounts {
  readonly v: 1;
  /** Number of that line; 0 before the first. */
  line: number;
  /** Where the next one begins in the input, in bytes. */
  offset: number;
}

export const NO_PROGRESS: BatchProgress = {
  v: 1,
  line: 0,
  offset: 0,
  completed: 0,
  failed: 0,
  usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
};

const ENDS: readonly BatchStatus[] = [
  "failed",
  "completed",
  "expired",
  "cancelled",
];

export function isBatchOver({ status }: Pick<BatchRecord, "status">): boolean {
  return ENDS.includes(status);
}
