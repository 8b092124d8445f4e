/** Batches as OpenAI's API shows them (https://platform.openai.com/docs/api-reference/batch/object). */
import type { BatchCounts, BatchRecord, BatchStatus } from "./batch_record.ts";

export interface BatchObject {
  id: string;
  object: "batch";
  endpoint: string;
  model: string | null;
  errors: {
    object: "list";
    data: BatchRecord["faults"];
  } | null;
  input_file_id: string;
  completion_window: "24h";
  status: BatchStatus;
  output_file_id: string | null;
  error_file_id: string | null;
  /** Unix time in seconds, as all times here. */
  created_at: number;
  in_progress_at: number | null;
  expires_at: number;
  finalizing_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  expired_at: number | null;
  cancelling_at: number | null;
  cancelled_at: number | null;
  request_counts: { total: number; completed: number; failed: number };
  usage: {
    input_tokens: number;
    input_tokens_details: { cached_tokens: number };
    output_tokens: number;
    output_tokens_details: { reasoning_tokens: number };
    total_tokens: number;
  };
  metadata: Record<string, string> | null;
}

export function toBatchObject(
  record: BatchRecord,
  { completed, failed, usage }: BatchCounts,
): BatchObject {
  const endedAt = (status: BatchStatus) =>
    record.status === status ? seconds(record.endedAtMs) : null;
  return {
    id: record.id,
    object: "batch",
    endpoint: record.endpoint,
    model: record.model,
    errors: record.faults.length === 0
      ? null
      : { object: "list", data: record.faults },
    input_file_id: record.inputFileId,
    completion_window: "24h",
    status: record.status,
    output_file_id: record.outputFileId,
    error_file_id: record.errorFileId,
    created_at: seconds(record.createdAtMs)!,
    in_progress_at: seconds(record.inProgressAtMs),
    expires_at: seconds(record.expiresAtMs)!,
    finalizing_at: seconds(record.finalizingAtMs),
    completed_at: endedAt("completed"),
    failed_at: endedAt("failed"),
    expired_at: endedAt("expired"),
    cancelling_at: seconds(record.cancellingAtMs),
    cancelled_at: endedAt("cancelled"),
    request_counts: { total: record.total, completed, failed },
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: usage.cachedInputTokens },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
    metadata: record.metadata,
  };
}

function seconds(atMs: number | null): number | null {
  return atMs === null ? null : Math.floor(atMs / 1_000);
}
