/**
 * Deltas out of the events of a streamed chat completion
 * (https://platform.openai.com/docs/api-reference/chat-streaming).
 */
import { errorMembers } from "@/lib/llm/openai/error_body.ts";
import type { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";

/** Deeper data is an attack on whoever walks it. */
const MAX_DEPTH = 128;

/** An event that is not valid is quoted to the log only this far. */
const QUOTED_CHARACTERS = 200;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether brackets nest deeper than allowed. Text needs two characters a level, so most is not read. */
export function isTooDeep(json: string): boolean {
  if (json.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (inString) {
      if (character === 0x5c) at++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x7b || character === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === 0x7d || character === 0x5d) depth--;
  }
  return false;
}

/** No answer has as many tokens; a larger count is a mistake that nobody should be billed for. */
const MAX_TOKENS = 1e10;

function count(value: unknown): number {
  const isCount = typeof value === "number" && value >= 0 &&
    value < MAX_TOKENS;
  return isCount ? Math.floor(value) : 0;
}

/** Reads OpenAI's `usage` object; null when there is none. */
export function usageFrom(value: unknown): TokenUsage | null {
  if (!isRecord(value)) return null;
  const details = value.prompt_tokens_details;
  return {
    inputTokens: count(value.prompt_tokens),
    cachedInputTokens: isRecord(details) ? count(details.cached_tokens) : 0,
    outputTokens: count(value.completion_tokens),
  };
}

/** Turns the events of an answer, or the one document that it is, into deltas. */
export interface AnswerReader {
  /** Whether the answer is whole: it has a finish reason or `[DONE]`. */
  readonly finished: boolean;
  /** Whether `[DONE]` came. */
  readonly done: boolean;
  /** @throws {ProviderError} when the event is not a chunk, or is the provider's error */
  read(data: string, name: string | undefined, deltas: Delta[]): void;
  /**
   * Reads a `chat.completion` instead of a stream.
   * @throws {ProviderError} as `read`
   */
  readDocument(json: string, deltas: Delta[]): void;
  /** What is left to say when the answer is whole. */
  end(deltas: Delta[]): void;
}

/**
 * The object of an event.
 * @throws {ProviderError} when it is none, is nested too deeply, or is the provider's error
 */
export function parseChunk(
  data: string,
  name: string | undefined,
  { failures, model }: { failures: ProviderFailures; model: string },
): Record<string, unknown> {
  const chunk = parseObject(data, failures);
  if (chunk.error !== undefined && chunk.error !== null || name === "error") {
    const members = errorMembers(chunk);
    throw members === null
      ? failures.garbled("an error without a message")
      : failures.inStream(members, model);
  }
  return chunk;
}

function parseObject(
  data: string,
  failures: ProviderFailures,
): Record<string, unknown> {
  if (isTooDeep(data)) {
    throw failures.garbled("data that is nested too deeply");
  }
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch (cause) {
    throw failures.garbled(
      "something that is not JSON",
      new SyntaxError(
        `Event is not JSON: ${data.slice(0, QUOTED_CHARACTERS)}`,
        { cause },
      ),
    );
  }
  if (!isRecord(chunk)) throw failures.garbled("JSON that is not an object");
  return chunk;
}

/**
 * Turns events into deltas. `raw` is on the first delta of an event only, so that a gateway which passes
 * it on sends no event twice. Usage comes as the last delta of an answer, wherever the provider put it:
 * several repeat it on every chunk, and only the last is right.
 */
export class ChunkReader implements AnswerReader {
  /** Whether the answer is whole: it has a finish reason or `[DONE]`. */
  get finished(): boolean {
    return this.finishSeen || this.done;
  }
  /** Whether `[DONE]` came. */
  done = false;
  private finishSeen = false;
  private usage: { usage: TokenUsage; raw?: string } | null = null;

  constructor(
    private readonly failures: ProviderFailures,
    private readonly model: string,
  ) {}

  /** @throws {ProviderError} when the event is not a chunk, or is the provider's error */
  read(data: string, name: string | undefined, deltas: Delta[]): void {
    if (this.done) return;
    if (data === "[DONE]") {
      this.done = true;
      return;
    }
    const { failures, model } = this;
    const chunk = parseChunk(data, name, { failures, model });
    const before = deltas.length;
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (const choice of choices) {
      if (isRecord(choice) && (choice.index ?? 0) === 0) {
        this.readChoice(choice, choice.delta ?? choice.message, deltas);
      }
    }
    if (deltas.length > before) deltas[before].raw = data;
    const usage = usageFrom(chunk.usage);
    if (usage !== null) {
      this.usage = choices.length === 0 ? { usage, raw: data } : { usage };
    }
  }

  readDocument(json: string, deltas: Delta[]): void {
    this.read(json, undefined, deltas);
    // The document is no chunk, so it cannot be passed on as one.
    for (const delta of deltas) delete delta.raw;
  }

  /** What is left to say when the answer is whole: a finish where none came, and the usage. */
  end(deltas: Delta[]): void {
    if (!this.finishSeen) deltas.push({ type: "finish", reason: "stop" });
    if (this.usage !== null) deltas.push({ type: "usage", ...this.usage });
  }

  private readChoice(
    choice: Record<string, unknown>,
    delta: unknown,
    deltas: Delta[],
  ): void {
    if (isRecord(delta)) {
      const reasoning = delta.reasoning_content ?? delta.reasoning;
      if (typeof reasoning === "string" && reasoning !== "") {
        deltas.push({ type: "reasoning", text: reasoning });
      }
      if (typeof delta.content === "string" && delta.content !== "") {
        deltas.push({ type: "text", text: delta.content });
      }
      if (typeof delta.refusal === "string" && delta.refusal !== "") {
        deltas.push({ type: "text", text: delta.refusal });
      }
      if (Array.isArray(delta.tool_calls)) {
        for (const call of delta.tool_calls) {
          if (isRecord(call)) deltas.push({ type: "tool", call });
        }
      }
      if (isRecord(delta.function_call)) {
        const call = { index: 0, function: delta.function_call };
        deltas.push({ type: "tool", call });
      }
    }
    if (typeof choice.finish_reason === "string" && !this.finishSeen) {
      this.finishSeen = true;
      deltas.push({ type: "finish", reason: choice.finish_reason });
    }
  }
}
