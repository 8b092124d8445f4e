/** The Response object (https://platform.openai.com/docs/api-reference/responses/object). */
import type { RunRecord } from "@/lib/chat/records.ts";
import type { RunError, RunStatus, Usage } from "@/lib/shared/wire.ts";
import type { ResponseFields } from "./input.ts";

/** An item of an output: a message, reasoning, or the call of a function. */
export interface OutputItem {
  id: string;
  type: "message" | "reasoning" | "function_call";
  status: "in_progress" | "completed" | "incomplete";
  [field: string]: unknown;
}

export type ResponseStatus =
  | "queued"
  | "in_progress"
  | "completed"
  | "failed"
  | "cancelled"
  | "incomplete";

/** What changes of a Response while its run goes on. */
export interface ResponseState {
  status: ResponseStatus;
  output: OutputItem[];
  usage: ResponseUsage | null;
  error: { code: string; message: string } | null;
  incomplete_details: { reason: string } | null;
  /** Unix time in seconds. */
  completed_at: number | null;
}

/** Token counts in this API's words. */
export interface ResponseUsage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

export interface ResponseObject extends ResponseState {
  id: string;
  object: "response";
  created_at: number;
  [field: string]: unknown;
}

/** The run that a Response shows. */
export type ResponseRun = Pick<RunRecord, "id" | "model" | "createdAt">;

export const NEW_STATE: ResponseState = {
  status: "in_progress",
  output: [],
  usage: null,
  error: null,
  incomplete_details: null,
  completed_at: null,
};

/** `id` of the Response that shows a run. */
export function responseId(runId: string): string {
  return runId.replace(/^run_/, "resp_");
}

/** The run whose Response has this id; null when none could. */
export function runIdOf(responseId: string): string | null {
  return /^resp_[0-9A-Za-z]{22}$/.test(responseId)
    ? responseId.replace(/^resp_/, "run_")
    : null;
}

export function unixSeconds(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}

const STATUSES: Readonly<Record<RunStatus, ResponseStatus>> = {
  queued: "queued",
  running: "in_progress",
  completed: "completed",
  cancelled: "cancelled",
  failed: "failed",
  interrupted: "failed",
};

export function toResponseStatus(status: RunStatus): ResponseStatus {
  return STATUSES[status];
}

export function toResponse(
  run: ResponseRun,
  request: ResponseFields,
  state: ResponseState,
): ResponseObject {
  return {
    id: responseId(run.id),
    object: "response",
    created_at: unixSeconds(run.createdAt),
    ...state,
    background: request.background ?? false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata ?? {},
    model: run.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: null, summary: null, ...request.reasoning },
    service_tier: request.service_tier ?? "auto",
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { ...request.text, format: request.text?.format ?? { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: "disabled",
    user: request.user ?? null,
  };
}

/** What a provider reports of tokens, with what nobody else knows; a run's own count without it. */
export function toResponseUsage(
  reported: Record<string, unknown> | null,
  counted: Usage | null,
): ResponseUsage | null {
  if (reported === null && counted === null) return null;
  const prompt = detailsOf(reported?.prompt_tokens_details);
  const completion = detailsOf(reported?.completion_tokens_details);
  const input = numberOr(reported?.prompt_tokens, counted?.inputTokens);
  const output = numberOr(reported?.completion_tokens, counted?.outputTokens);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: numberOr(
        prompt.cached_tokens,
        counted?.cachedInputTokens,
      ),
      cache_write_tokens: numberOr(prompt.cache_write_tokens, 0),
    },
    output_tokens: output,
    output_tokens_details: {
      reasoning_tokens: numberOr(completion.reasoning_tokens, 0),
    },
    total_tokens: numberOr(reported?.total_tokens, input + output),
  };
}

function detailsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

function numberOr(value: unknown, other: number | undefined): number {
  return typeof value === "number" ? value : other ?? 0;
}

const INVALID = ["provider_refused", "context_length_exceeded"];

/** The error of a run with one of the codes that this API has. */
export function toResponseError(
  { code, message }: Pick<RunError, "code" | "message">,
): { code: string; message: string } {
  if (code === "provider_rate_limited") {
    return { code: "rate_limit_exceeded", message };
  }
  const isInvalid = INVALID.includes(code);
  return { code: isInvalid ? "invalid_prompt" : "server_error", message };
}
