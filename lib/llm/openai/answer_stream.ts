/** One answer as an async iterator: request, wire, events, deltas and deadlines put together. */
import { type AnswerReader, ChunkReader } from "@/lib/llm/openai/chunks.ts";
import type { OpenAIClient } from "@/lib/llm/openai/client.ts";
import {
  type DeadlineName,
  Deadlines,
  type TimeoutsMs,
} from "@/lib/llm/openai/deadlines.ts";
import type { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { RawChunkReader } from "@/lib/llm/openai/raw_chunks.ts";
import { readWhole, ResponseBody } from "@/lib/llm/openai/response_body.ts";
import { EventReader, EventStreamError } from "@/lib/llm/openai/sse.ts";
import type {
  HttpExchange,
  HttpTransport,
  ResponseHead,
} from "@/lib/llm/openai/transport.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";

/** Deltas that may wait for the consumer before the socket is no longer read. */
const MAX_WAITING_DELTAS = 64;

/** What all answers of a provider share. */
export interface AnswerContext {
  client: OpenAIClient;
  transport: HttpTransport;
  failures: ProviderFailures;
  timeoutsMs: TimeoutsMs;
  /** Called when a connection is there, new or used before. */
  onConnect?: () => void;
  /** Whether the provider refused `stream_options` before; set when it does. */
  quirks: { refusesStreamOptions: boolean };
}

type Waiter = PromiseWithResolvers<IteratorResult<Delta, undefined>>;

const DONE: IteratorResult<Delta, undefined> = { done: true, value: undefined };

/**
 * Opens the stream at the first `next()`. Reads on only while the consumer keeps up. `return()` and the
 * signal close the socket at once.
 */
export class AnswerStream implements AsyncIterableIterator<Delta> {
  private readonly waiting: Delta[] = [];
  private waiter: Waiter | null = null;
  private started = false;
  private over = false;
  private failure: { error: unknown } | null = null;
  private exchange: HttpExchange | null = null;
  private paused = false;
  /** Whether the first delta has come. */
  private begun = false;
  private sawEvent = false;
  private hasSocket = false;
  private withStreamOptions = false;
  private readonly deadlines: Deadlines;
  private readonly chunks: AnswerReader;
  private events: EventReader | null = null;
  private body: ResponseBody | null = null;
  private readonly onAbort = () => this.fail(this.signal.reason);

  constructor(
    private readonly context: AnswerContext,
    private readonly request: ChatRequest,
    private readonly signal: AbortSignal,
  ) {
    const Reader = request.raw ? RawChunkReader : ChunkReader;
    this.chunks = new Reader(context.failures, request.model, request.params);
    this.deadlines = new Deadlines(
      context.timeoutsMs,
      (name, limitMs) => this.deadlinePassed(name, limitMs),
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Delta, undefined>> {
    const delta = this.waiting.shift();
    if (delta !== undefined) {
      return Promise.resolve({ done: false, value: delta });
    }
    if (this.failure !== null) {
      const { error } = this.failure;
      this.failure = null;
      return Promise.reject(error);
    }
    if (this.over) return Promise.resolve(DONE);
    this.waiter ??= Promise.withResolvers();
    const { promise } = this.waiter;
    if (!this.started) this.start();
    else if (this.begun && !this.chunks.finished) {
      this.deadlines.start("tokenGap");
    }
    if (this.paused) {
      this.paused = false;
      this.exchange?.resume();
    }
    return promise;
  }

  return(): Promise<IteratorResult<Delta, undefined>> {
    this.waiting.length = 0;
    if (!this.over) {
      this.end();
      this.exchange?.destroy();
    }
    this.failure = null;
    return Promise.resolve(DONE);
  }

  private start(): void {
    this.started = true;
    if (this.signal.aborted) return this.fail(this.signal.reason);
    this.signal.addEventListener("abort", this.onAbort, { once: true });
    this.deadlines.start("firstToken");
    this.deadlines.start("total");
    void this.send(!this.context.quirks.refusesStreamOptions);
  }

  private async send(withStreamOptions: boolean): Promise<void> {
    const { client, failures, transport } = this.context;
    try {
      const request = await client.chatRequest(this.request, withStreamOptions);
      if (this.over) return;
      this.exchange = transport.send(request, {
        onSocket: () => {
          this.hasSocket = true;
          this.deadlines.start("connect");
        },
        onConnect: () => {
          this.deadlines.stop("connect");
          this.context.onConnect?.();
        },
        onResponse: (head) => this.receive(head, withStreamOptions),
        onData: (bytes) => this.take(() => this.feed(bytes)),
        onEnd: () => this.take(() => this.endOfBody()),
        onError: (error) => this.connectionLost(error),
      });
    } catch (error) {
      this.fail(failures.unreachable(error));
    }
  }

  private receive(head: ResponseHead, withStreamOptions: boolean): void {
    this.deadlines.stop("connect");
    const type = head.header("content-type") ?? "";
    const isStream = head.status === 200 && !/html|json/i.test(type);
    if (isStream && head.header("content-encoding") === null) {
      if (!withStreamOptions) this.context.quirks.refusesStreamOptions = true;
      this.events = new EventReader((data, name) => this.event(data, name));
      return;
    }
    this.body = new ResponseBody(head);
    this.withStreamOptions = withStreamOptions;
  }

  /** Runs a step that may throw; what it throws is how the answer ends. */
  private take(step: () => void): void {
    if (this.over) return;
    try {
      step();
    } catch (error) {
      this.fail(
        error instanceof EventStreamError
          ? this.context.failures.garbled("bytes that are no text", error)
          : error,
      );
    }
    this.deliver();
  }

  private feed(bytes: Uint8Array): void {
    if (this.body !== null) {
      if (!this.body.add(bytes)) this.endOfBody();
      return;
    }
    this.events?.feed(bytes);
    if (this.chunks.done) this.complete();
    else if (this.waiting.length > MAX_WAITING_DELTAS && !this.over) {
      this.paused = true;
      this.exchange?.pause();
    }
  }

  private event(data: string, name: string | undefined): void {
    const before = this.waiting.length;
    this.chunks.read(data, name, this.waiting);
    if (this.waiting.length > before && !this.begun) {
      this.begun = true;
      this.deadlines.stop("firstToken");
    }
    if (this.chunks.finished) {
      this.deadlines.stop("tokenGap");
      this.deadlines.start("tail");
    } else if (this.begun && this.waiter !== null) {
      this.deadlines.start("tokenGap");
    }
    this.sawEvent = true;
  }

  private endOfBody(): void {
    if (this.body !== null) return this.endOfPlainBody(this.body);
    this.events?.end();
    if (this.chunks.finished) return this.complete();
    throw this.sawEvent
      ? this.context.failures.broken()
      : this.context.failures.malformed("no event at all");
  }

  /** A refusal, or a provider that answered with one document although a stream was asked for. */
  private endOfPlainBody(body: ResponseBody): void {
    this.body = null;
    if (body.isStreamOptionsRefusal(this.withStreamOptions)) {
      this.exchange?.finish();
      void this.send(false);
      return;
    }
    if (body.head.status === 200) {
      readWhole(body, this.chunks, this.context.failures, this.waiting);
      return this.complete();
    }
    this.exchange?.finish();
    void this.refuse(body);
  }

  private async refuse(body: ResponseBody): Promise<void> {
    const { status, header } = body.head;
    const { client, failures } = this.context;
    const text = body.text();
    const cause = await client.refusalCause(status, text, header);
    const model = this.request.model;
    this.fail(failures.refusal({ status, body: text, header, model, cause }));
  }

  private connectionLost(error: unknown): void {
    if (this.over) return;
    // After [DONE] or a finish reason nothing is missing but the usage.
    if (this.chunks.finished) return this.take(() => this.complete());
    const { failures } = this.context;
    const answered = this.events !== null || this.body !== null;
    this.fail(
      answered ? failures.broken(error) : failures.unreachable(error),
    );
  }

  private deadlinePassed(name: DeadlineName, limitMs: number): void {
    const { failures, transport } = this.context;
    if (name === "tail") {
      return this.take(() => this.complete(() => this.exchange?.destroy()));
    }
    this.fail(
      this.hasSocket || name === "total"
        ? failures.timeout(name, limitMs)
        : failures.busy(transport.maxConnections, limitMs),
    );
  }

  private complete(close = () => this.exchange?.finish()): void {
    this.chunks.end(this.waiting);
    this.end();
    close();
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.failure = { error };
    if (this.signal.aborted) this.waiting.length = 0;
    this.end();
    this.exchange?.destroy();
    this.deliver();
  }

  private end(): void {
    this.over = true;
    this.deadlines.clear();
    this.signal.removeEventListener("abort", this.onAbort);
    this.deliver();
  }

  /** Gives the waiting consumer what there is: a delta, the failure or the end. */
  private deliver(): void {
    const { waiter } = this;
    if (waiter === null) return;
    const delta = this.waiting.shift();
    if (delta !== undefined) waiter.resolve({ done: false, value: delta });
    else if (this.failure !== null) {
      waiter.reject(this.failure.error);
      this.failure = null;
    } else if (this.over) waiter.resolve(DONE);
    else return;
    this.waiter = null;
    if (!this.over) this.deadlines.stop("tokenGap");
  }
}
