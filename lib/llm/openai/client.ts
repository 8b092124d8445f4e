/** What the `openai` package does for a provider: requests, error classes and the list of models. */
import type { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { loadSdk, type OpenAI } from "@/lib/llm/openai/sdk.ts";
import { pooledFetch } from "@/lib/llm/openai/pooled_fetch.ts";
import type { HttpRequest, HttpTransport } from "@/lib/llm/openai/transport.ts";
import type { ChatRequest } from "@/lib/llm/types.ts";

export interface Endpoint {
  /** Address up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Null where the provider wants none, as local servers do. */
  apiKey: string | null;
}

const MAX_MODELS = 10_000;
const MAX_MODEL_NAME_CHARACTERS = 200;
const NO_LIST = "something that is no list of models";

export class OpenAIClient {
  private client: Promise<OpenAI> | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly failures: ProviderFailures,
    private readonly transport: HttpTransport,
  ) {}

  private connect(): Promise<OpenAI> {
    return this.client ??= loadSdk().then(({ default: Client }) =>
      new Client({
        baseURL: this.endpoint.baseUrl,
        apiKey: this.endpoint.apiKey ?? "none",
        organization: null,
        project: null,
        maxRetries: 0,
        fetch: pooledFetch(this.transport),
        logLevel: "off",
        defaultHeaders: this.endpoint.apiKey === null
          ? { Authorization: null }
          : {},
      })
    );
  }

  /** The request of a streamed chat completion, ready for the transport. */
  async chatRequest(
    request: ChatRequest,
    withStreamOptions: boolean,
  ): Promise<HttpRequest> {
    const { stream_options: asked, ...params } = request.params ?? {};
    const streamOptions = {
      ...(typeof asked === "object" ? asked : {}),
      include_usage: true,
    };
    const client = await this.connect();
    const { req, url } = await client.buildRequest({
      method: "post",
      path: "/chat/completions",
      headers: {
        Accept: "text/event-stream",
        "Accept-Encoding": "identity",
      },
      body: {
        ...params,
        model: request.model,
        messages: request.messages,
        stream: true,
        ...(withStreamOptions ? { stream_options: streamOptions } : {}),
      },
    });
    return {
      method: "POST",
      url,
      headers: Object.fromEntries(req.headers.entries()),
      body: String(req.body),
    };
  }

  /**
   * The error of the `openai` package for a refusal, to be the cause of ours.
   * @param body the body as text
   */
  async refusalCause(
    status: number,
    body: string,
    header: (name: string) => string | null,
  ): Promise<Error> {
    const { APIError } = await loadSdk();
    const requestId = header("x-request-id");
    let json: object | undefined;
    try {
      json = JSON.parse(body);
    } catch {
      json = undefined;
    }
    const headers = new Headers(
      requestId === null ? {} : { "x-request-id": requestId },
    );
    return APIError.generate(status, json, undefined, headers);
  }

  /**
   * Names of all models, in the provider's order.
   * @param timeoutMs for the whole call
   * @throws {ProviderError}
   */
  async listModels(signal: AbortSignal, timeoutMs: number): Promise<string[]> {
    const client = await this.connect();
    const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let body: string;
    try {
      const response = await client.models
        .list({ signal: either, timeout: timeoutMs }).asResponse();
      body = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      throw either.aborted
        ? this.failures.timeout("firstToken", timeoutMs)
        : await this.callError(error, null);
    }
    return this.modelNames(body);
  }

  private modelNames(body: string): string[] {
    let list: { data?: unknown; object?: unknown } | null;
    try {
      list = JSON.parse(body);
    } catch (cause) {
      throw this.failures.malformed(NO_LIST, cause);
    }
    // Ollama says null when it has no models.
    const data = list?.data ?? (list?.object === "list" ? [] : null);
    if (!Array.isArray(data)) throw this.failures.malformed(NO_LIST);
    return data
      .map((model: { id?: unknown } | null) => model?.id)
      .filter((id): id is string =>
        typeof id === "string" && id !== "" &&
        id.length <= MAX_MODEL_NAME_CHARACTERS
      )
      .slice(0, MAX_MODELS);
  }

  /**
   * Asks for what comes in one piece.
   * @param path behind the base URL, for example `/embeddings`
   * @param timeoutMs for the whole call
   * @returns the body as it came
   * @throws {ProviderError}
   */
  async post(
    path: string,
    body: Record<string, unknown>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<string> {
    const client = await this.connect();
    // The package takes whole milliseconds only.
    const timeout = Math.max(1, Math.ceil(timeoutMs));
    const either = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    try {
      const response = await client
        .post(path, { body, signal: either, timeout }).asResponse();
      return await response.text();
    } catch (error) {
      signal.throwIfAborted();
      throw either.aborted
        ? this.failures.timeout("total", timeoutMs)
        : await this.callError(error, String(body.model ?? ""));
    }
  }

  private async callError(
    error: unknown,
    model: string | null,
  ): Promise<Error> {
    const { APIConnectionError, APIError } = await loadSdk();
    if (error instanceof APIConnectionError) {
      return this.failures.unreachable(error.cause ?? error);
    }
    if (error instanceof APIError && error.status !== undefined) {
      return this.failures.refusal({
        status: error.status,
        body: JSON.stringify({ error: error.error }),
        header: (name) => error.headers?.get(name) ?? null,
        model,
        cause: error,
      });
    }
    return this.failures.broken(error);
  }
}
