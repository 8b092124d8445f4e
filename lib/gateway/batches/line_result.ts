/** Lines of a batch's files (https://platform.openai.com/docs/api-reference/batch/request-output). */
import type { AppError } from "@/lib/errors.ts";
import { newIdText } from "@/lib/shared/ids.ts";
import { toOpenAIError } from "../openai_error.ts";
import type { BatchUsage } from "./batch_record.ts";
import { isFailure, type LineAnswer, type LineFailure } from "./line_calls.ts";

/** Why a request was never asked. */
const NOT_ASKED = {
  batch_expired:
    "This request could not be executed before the completion window expired.",
  batch_failed: "This request was not executed, since the batch has failed.",
} as const;

export type NotAsked = keyof typeof NOT_ASKED;

/** A line of the output file, or of the error file where the request was refused or failed. */
export function resultLine(
  customId: string,
  answer: LineAnswer | LineFailure,
): string {
  const response = isFailure(answer)
    ? { status_code: answer.error.status, body: toOpenAIError(answer.error) }
    : { status_code: 200, body: answer.body };
  return JSON.stringify({
    id: `batch_req_${newIdText()}`,
    custom_id: customId,
    response: { ...response, request_id: answer.requestId },
    error: null,
  });
}

/** A line of the error file for a request that was never asked. */
export function notAskedLine(customId: string, code: NotAsked): string {
  return JSON.stringify({
    id: `batch_req_${newIdText()}`,
    custom_id: customId,
    response: null,
    error: { code, message: NOT_ASKED[code] },
  });
}

/** Whether a refusal passes by itself: a limit, or a server that has too much to do. */
export function isPassing({ status, retryable }: AppError): boolean {
  return retryable && (status === 429 || status === 503);
}

/** What an answer says that it used, in either form. */
export function usageIn(body: Record<string, unknown>): BatchUsage {
  const usage = recordOf(body.usage);
  const details = recordOf(
    usage.prompt_tokens_details ?? usage.input_tokens_details,
  );
  return {
    inputTokens: countOf(usage.prompt_tokens ?? usage.input_tokens),
    cachedInputTokens: countOf(details.cached_tokens),
    outputTokens: countOf(usage.completion_tokens ?? usage.output_tokens),
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}
