/** The events of one answer, as OpenAI writes them. */
import type { Behaviour } from "./fake_upstream_behaviour.ts";

/** One server-sent event before it is put on the wire. */
export interface AnswerEvent {
  data: string;
  /** Whether it carries a token, which pace, gate and "after n tokens" count. */
  token: boolean;
}

export interface AnswerRequest {
  model: string;
  messages: { role: string; content: unknown }[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
}

const CHARACTERS_PER_TOKEN = 16;

/** Words with the space that follows them; long words in pieces, never inside a character. */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (const word of text.match(/\S+\s*|\s+/gu) ?? []) {
    const characters = word.length <= CHARACTERS_PER_TOKEN ? [word] : [...word];
    if (characters.length === 1) tokens.push(word);
    else {
      for (let at = 0; at < characters.length; at += CHARACTERS_PER_TOKEN) {
        tokens.push(characters.slice(at, at + CHARACTERS_PER_TOKEN).join(""));
      }
    }
  }
  return tokens;
}

/** The text that answers a request: the one it was told, or an echo of the last user message. */
export function answerText(request: AnswerRequest, told?: string): string {
  if (told !== undefined) return told;
  const asked = request.messages.findLast((message) => message.role === "user");
  const prompt = typeof asked?.content === "string"
    ? asked.content
    : JSON.stringify(asked?.content ?? "");
  return `You said: ${prompt}\n\nThat is all I know, naïve as I am – 你好, 世界 👋🏽.`;
}

export interface UsageBody {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
}

/** Counts that a test can work out by itself: one token per message word and per answer token. */
export function usageOf(
  request: AnswerRequest,
  outputTokens: number,
  cachedTokens = 0,
): UsageBody {
  const inputTokens = request.messages
    .map((message) => tokensOf(String(message.content ?? "")).length)
    .reduce((sum, count) => sum + count, 0);
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

/** All events of a streamed answer but `[DONE]`, in order. */
export function answerEvents(
  id: string,
  request: AnswerRequest,
  behaviour: Behaviour,
  usageAt: "own" | "last" | "every" | "none",
): AnswerEvent[] {
  const head = {
    id,
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: request.model,
    system_fingerprint: "fp_fake",
  };
  const events: AnswerEvent[] = [];
  let tokenCount = 0;
  const usage = () => usageOf(request, tokenCount, behaviour.cachedTokens);
  const add = (
    delta: Record<string, unknown>,
    finish: string | null,
    token: boolean,
  ) => {
    if (token) tokenCount++;
    const withUsage = usageAt === "every" ||
      (usageAt === "last" && finish !== null);
    events.push({
      token,
      data: JSON.stringify({
        ...head,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
        ...(withUsage ? { usage: usage() } : {}),
      }),
    });
  };
  const cut = (text: string) =>
    behaviour.wholeText ? [text].filter((each) => each !== "") : tokensOf(text);
  add({ role: "assistant", content: "", refusal: null }, null, false);
  for (const token of cut(behaviour.reasoning ?? "")) {
    add(
      { [behaviour.reasoningField ?? "reasoning_content"]: token },
      null,
      true,
    );
  }
  if (behaviour.toolCalls) {
    addToolCalls(behaviour.toolCalls, add, behaviour.wholeText ?? false);
  } else {
    for (const token of cut(answerText(request, behaviour.text))) {
      add({ content: token }, null, true);
    }
  }
  if (!behaviour.withoutFinish) {
    const reason = behaviour.finishReason ??
      (behaviour.toolCalls ? "tool_calls" : "stop");
    add({}, reason, false);
  }
  if (usageAt === "own") {
    const data = JSON.stringify({ ...head, choices: [], usage: usage() });
    events.push({ token: false, data });
  }
  return events;
}

function addToolCalls(
  calls: { name: string; arguments: string }[],
  add: (
    delta: Record<string, unknown>,
    finish: null,
    token: boolean,
  ) => void,
  whole: boolean,
): void {
  for (const [index, call] of calls.entries()) {
    const opening = {
      index,
      id: `call_${index}`,
      type: "function",
      function: { name: call.name, arguments: "" },
    };
    add({ tool_calls: [opening] }, null, true);
    const pieces = whole
      ? [call.arguments]
      : call.arguments.match(/.{1,6}/gsu) ?? [];
    for (const piece of pieces) {
      const part = { index, function: { arguments: piece } };
      add({ tool_calls: [part] }, null, true);
    }
  }
}

/** The answer to a request without `stream: true`. */
export function wholeAnswer(
  id: string,
  request: AnswerRequest,
  behaviour: Behaviour,
): Record<string, unknown> {
  const content = answerText(request, behaviour.text);
  return {
    id,
    object: "chat.completion",
    created: 1_700_000_000,
    model: request.model,
    choices: [{
      index: 0,
      message: { role: "assistant", content, refusal: null },
      logprobs: null,
      finish_reason: behaviour.finishReason ?? "stop",
    }],
    usage: usageOf(
      request,
      tokensOf(content).length,
      behaviour.cachedTokens,
    ),
  };
}
