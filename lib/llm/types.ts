/**
 * The one way in to a language model: a provider takes a request and gives back deltas.
 * Shapes follow OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat).
 */

/** One message as it goes to a provider; `content` may hold OpenAI content parts. */
export interface ChatMessage {
  role: "system" | "developer" | "user" | "assistant" | "tool";
  content: string | unknown[] | null;
  [field: string]: unknown;
}

export interface ChatRequest {
  /** The provider's own name of the model. */
  model: string;
  messages: ChatMessage[];
  /** Further fields of the request body, sent on unchanged (temperature, tools, …). */
  params?: Record<string, unknown>;
  /** Attempts after the first, at most; without it as many as the provider makes. Never sent. */
  retries?: number;
  /**
   * Wants every event of the provider as it came, for who passes it on: one delta for each, with `raw`.
   * Of several choices the texts are those of the first. Never sent.
   */
  raw?: boolean;
}

/** Token counts as the provider reports them. */
export interface TokenUsage {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
}

/** One step of an answer. `raw` is the provider's own JSON text of the event, where there is one. */
export type Delta =
  | { type: "text"; text: string; raw?: string }
  | { type: "reasoning"; text: string; raw?: string }
  | { type: "tool"; call: Record<string, unknown>; raw?: string }
  | { type: "finish"; reason: string; raw?: string }
  | { type: "usage"; usage: TokenUsage; raw?: string };

export interface ModelInfo {
  /** Name that callers use, for example `gpt-5` or `ollama/qwen3`. */
  id: string;
  /** Id of the provider that serves it. */
  provider: string;
  /** The provider's own name of the model. */
  model: string;
  /** Name for people. */
  label: string;
}

export interface Provider {
  readonly id: string;
  /**
   * Opens the stream. Rejects with `ProviderError` before the first delta when the provider refuses;
   * throws it from the iterator when the stream breaks, stalls or ends without a finish. Aborting the
   * signal closes the socket at once.
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<Delta>;
  /** The provider's own names of its models. Rejects with `ProviderError`. */
  listModels(signal: AbortSignal): Promise<string[]>;
}
