/** A run over `/v1` as its callers see it. */
import type { RunRecord } from "@/lib/chat/records.ts";
import type { Usage } from "@/lib/shared/wire.ts";
import { type OpenAIErrorBody, toOpenAIStreamError } from "./openai_error.ts";

/** Token counts in OpenAI's words. */
export interface OpenAIUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
}

/** What `GET /v1/runs/:id` answers. */
export interface RunObject {
  id: string;
  object: "run";
  status: RunRecord["status"];
  epoch: number;
  model: string;
  provider: string | null;
  /** Unix time in seconds. */
  created: number;
  /** Of several choices the first. */
  output_text: string;
  finish_reason: string | null;
  usage: OpenAIUsage | null;
  cache: string | null;
  error: OpenAIErrorBody["error"] | null;
}

export function toOpenAIUsage(
  { inputTokens, cachedInputTokens, outputTokens }: Usage,
): OpenAIUsage {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
  };
}

/** Why an answer ended, in OpenAI's words: what a budget has cut off has reached its length. */
export function toFinishReason(reason: string | null): string | null {
  return reason === "budget" ? "length" : reason;
}

export function toRunObject(record: RunRecord, outputText: string): RunObject {
  return {
    id: record.id,
    object: "run",
    status: record.status,
    epoch: record.epoch,
    model: record.model,
    provider: record.provider,
    created: Math.floor(Date.parse(record.createdAt) / 1_000),
    output_text: outputText,
    finish_reason: toFinishReason(record.finishReason),
    usage: record.usage === null ? null : toOpenAIUsage(record.usage),
    cache: record.cache ?? null,
    error: record.error === null
      ? null
      : toOpenAIStreamError(record.error).error,
  };
}
