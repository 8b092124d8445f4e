/** Whether an answer may be kept: only a whole one, which its model ended by itself. */
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";

/**
 * Reasons for which a model ends a whole answer
 * (https://platform.openai.com/docs/api-reference/chat/object). Any other, such as `length` or
 * `content_filter`, says that something is missing.
 */
const WHOLE: ReadonlySet<string> = new Set([
  "stop",
  "tool_calls",
  "function_call",
]);

/** What an answer says about itself. */
export interface AnswerEnd {
  finishReason: string;
  /** What the provider reported, or null. */
  usage: TokenUsage | null;
}

/**
 * The end of an answer whose stream has ended in good order; null when it is not to be kept: it was cut
 * or filtered, never said that it ended, or is empty.
 */
export function wholeEnd(deltas: readonly Delta[]): AnswerEnd | null {
  let finishReason: string | null = null;
  let usage: TokenUsage | null = null;
  let hasContent = false;
  for (const delta of deltas) {
    if (delta.type === "finish") {
      // Of several choices each has its own.
      if (!WHOLE.has(delta.reason)) return null;
      finishReason = delta.reason;
    } else if (delta.type === "usage") usage = delta.usage;
    else if (delta.type === "tool") hasContent = true;
    else if (delta.type === "text" && delta.text !== "") hasContent = true;
  }
  return finishReason === null || !hasContent ? null : { finishReason, usage };
}
