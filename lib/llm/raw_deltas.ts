/** Chunks of a chat completion for a provider that has none of its own. */
import type { ChatRequest, Delta } from "./types.ts";

/** As a provider would write it into each event of one answer. */
interface ChunkHead {
  id: string;
  object: "chat.completion.chunk";
  /** Unix time in seconds. */
  created: number;
  model: string;
}

/**
 * The deltas with a chunk each where the request wants `raw`, else as they are
 * (https://platform.openai.com/docs/api-reference/chat-streaming).
 */
export async function* withChunks(
  deltas: AsyncIterable<Delta>,
  request: ChatRequest,
): AsyncGenerator<Delta, undefined> {
  const head: ChunkHead = {
    id: "chatcmpl-freshet",
    object: "chat.completion.chunk",
    created: Math.floor(Date.now() / 1_000),
    model: request.model,
  };
  let isFirst = true;
  for await (const delta of deltas) {
    const raw = request.raw ? chunkOf(delta, head, isFirst) : undefined;
    isFirst = false;
    yield raw === undefined ? delta : { ...delta, raw };
  }
}

function chunkOf(delta: Delta, head: ChunkHead, isFirst: boolean): string {
  const choice = (said: Record<string, unknown>, finish: string | null) =>
    JSON.stringify({
      ...head,
      choices: [{
        index: 0,
        delta: isFirst ? { role: "assistant", ...said } : said,
        finish_reason: finish,
      }],
    });
  switch (delta.type) {
    case "text":
      return choice({ content: delta.text }, null);
    case "reasoning":
      return choice({ reasoning_content: delta.text }, null);
    case "tool":
      return choice({ tool_calls: [delta.call] }, null);
    case "finish":
      return choice({}, delta.reason);
    case "usage": {
      const { inputTokens, outputTokens, cachedInputTokens } = delta.usage;
      const usage = {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
        prompt_tokens_details: { cached_tokens: cachedInputTokens },
      };
      return JSON.stringify({ ...head, choices: [], usage });
    }
  }
}
