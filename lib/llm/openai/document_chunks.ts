/** Chunks of a stream out of a whole `chat.completion`, for providers that do not stream. */
import { isRecord } from "@/lib/llm/openai/chunks.ts";

/**
 * The answer in one chunk with all choices, and the usage in one after it, as a stream has them
 * (https://platform.openai.com/docs/api-reference/chat-streaming).
 */
export function toChunks(
  document: Record<string, unknown>,
): Record<string, unknown>[] {
  const { usage, choices, ...head } = document;
  const chunk = { ...head, object: "chat.completion.chunk" };
  const list = Array.isArray(choices) ? choices : [];
  const answer = {
    ...chunk,
    choices: list.filter(isRecord).map(({ message, ...choice }) => ({
      ...choice,
      delta: isRecord(message) ? toDelta(message) : {},
    })),
  };
  return isRecord(usage)
    ? [answer, { ...chunk, choices: [], usage }]
    : [answer];
}

/** In a stream each tool call says which one it is. */
function toDelta(message: Record<string, unknown>): Record<string, unknown> {
  const calls = message.tool_calls;
  if (!Array.isArray(calls)) return message;
  return {
    ...message,
    tool_calls: calls.map((call, index) => ({ index, ...call })),
  };
}
