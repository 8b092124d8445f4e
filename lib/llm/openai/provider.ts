/**
 * A provider that speaks OpenAI's chat completions: OpenAI itself, Ollama, vLLM, LM Studio, OpenRouter
 * and others (https://platform.openai.com/docs/api-reference/chat).
 */
import { AnswerStream } from "@/lib/llm/openai/answer_stream.ts";
import { parseChunk } from "@/lib/llm/openai/chunks.ts";
import { OpenAIClient } from "@/lib/llm/openai/client.ts";
import {
  DEFAULT_TIMEOUTS_MS,
  type TimeoutsMs,
} from "@/lib/llm/openai/deadlines.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { HttpTransport } from "@/lib/llm/openai/transport.ts";
import type { ChatRequest, Delta, Provider } from "@/lib/llm/types.ts";

export interface OpenAIProviderOptions {
  id: string;
  /** Address up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey?: string | null;
  /** Sockets at most; 200 by default. */
  maxConnections?: number;
  timeoutsMs?: Partial<TimeoutsMs>;
  /** Addresses that a connection may not lead to, whatever the name in the base URL resolves to. */
  refusesAddress?: (address: string) => boolean;
}

export const DEFAULT_MAX_CONNECTIONS = 200;

export class OpenAIProvider implements Provider {
  readonly id: string;
  private readonly client: OpenAIClient;
  private readonly transport: HttpTransport;
  private readonly failures: ProviderFailures;
  private readonly timeoutsMs: TimeoutsMs;
  private readonly quirks = { refusesStreamOptions: false };

  constructor(options: OpenAIProviderOptions) {
    const apiKey = options.apiKey ?? null;
    this.id = options.id;
    this.failures = new ProviderFailures(options.id, apiKey);
    this.transport = new HttpTransport(
      options.baseUrl,
      options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      options.refusesAddress,
    );
    this.client = new OpenAIClient(
      { baseUrl: options.baseUrl, apiKey },
      this.failures,
      this.transport,
    );
    this.timeoutsMs = { ...DEFAULT_TIMEOUTS_MS, ...options.timeoutsMs };
  }

  /**
   * Streams one answer. The request leaves with the first `next()`; the iterator serves one consumer.
   * Usage is always asked for, and asked without when the provider refuses `stream_options`. Errors are
   * those of `ProviderFailures`; an aborted signal throws its reason.
   * @param options deadlines of this answer (what is missing is the provider's own), and who is told
   *   when a connection is there
   */
  stream(
    request: ChatRequest,
    signal: AbortSignal,
    options: { timeoutsMs?: Partial<TimeoutsMs>; onConnect?: () => void } = {},
  ): AsyncIterable<Delta> {
    return new AnswerStream(
      {
        client: this.client,
        transport: this.transport,
        failures: this.failures,
        timeoutsMs: { ...this.timeoutsMs, ...options.timeoutsMs },
        onConnect: options.onConnect,
        quirks: this.quirks,
      },
      request,
      signal,
    );
  }

  listModels(signal: AbortSignal): Promise<string[]> {
    return this.client.listModels(signal, this.timeoutsMs.firstToken);
  }

  /**
   * Asks for what comes in one piece, embeddings for example.
   * @param path behind the base URL, for example `/embeddings`
   * @param timeoutMs for the whole call
   * @returns the parsed body
   * @throws {ProviderError}
   */
  async post(
    path: string,
    body: Record<string, unknown>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<Record<string, unknown>> {
    const text = await this.client.post(path, body, signal, timeoutMs);
    return parseChunk(text, undefined, {
      failures: this.failures,
      model: String(body.model ?? ""),
    });
  }

  /** Sockets that are open, the idle ones included. */
  get openSockets(): number {
    return this.transport.openSockets;
  }

  /** Closes the idle sockets. */
  closeIdle(): void {
    this.transport.closeIdle();
  }

  /** Takes no more requests: a connection closes with the answer that uses it. */
  retire(): void {
    this.transport.retire();
  }

  /** Closes all sockets; streams that are still open break. */
  close(): void {
    this.transport.close();
  }
}
