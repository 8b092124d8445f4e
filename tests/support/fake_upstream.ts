/**
 * A fake OpenAI: a real HTTP server on 127.0.0.1 that answers like OpenAI, but unkindly. By default it
 * cuts events and characters across TCP writes, leaves usage out of a third of the answers and keeps
 * idle sockets open; on demand it does worse (`Behaviour`). The same seed gives the same answers, cut
 * at the same places.
 *
 * What an answer does is chosen by, in this order: `next()`, the model's name in `behaviours`, the
 * model's name in `MODEL_BEHAVIOURS`, `behaviour`.
 */
import {
  type Behaviour,
  errorBody,
  MODEL_BEHAVIOURS,
  STREAM_OPTIONS_REFUSED,
} from "./fake_upstream_behaviour.ts";
import {
  answerEvents,
  type AnswerRequest,
  wholeAnswer,
} from "./fake_upstream_chunks.ts";
import { Gate } from "./fake_upstream_gate.ts";
import {
  listen,
  type WireConnection,
  type WireRequest,
} from "./fake_upstream_http.ts";
import { seededRandom } from "./fake_upstream_random.ts";
import { pause, sendAnswer, wholeResponse } from "./fake_upstream_stream.ts";

export type { Behaviour } from "./fake_upstream_behaviour.ts";

export interface FakeUpstreamOptions {
  /** Seed of the cuts and of which answers lack usage; 1 by default. */
  seed?: number;
  /** What `GET /v1/models` lists; null answers 404, as a server without a list does. */
  models?: string[] | null;
  /** How `GET /v1/models` behaves: its `status`, `headerDelayMs`, `neverAnswers`, `rawBody`. */
  modelsBehaviour?: Behaviour;
  /** Behaviour of every answer that nothing else is said about. */
  behaviour?: Behaviour;
  /** Behaviour by the name of the model. */
  behaviours?: Record<string, Behaviour>;
  /** Key that requests must carry, else 401. */
  apiKey?: string;
}

/** A request that the upstream got. */
export interface RecordedRequest {
  method: string;
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Parsed JSON, or null. */
  // deno-lint-ignore no-explicit-any -- tests reach into bodies of any shape
  body: any;
  /** When it arrived, in milliseconds of `performance.now()`. */
  at: number;
  /** When its socket closed, or null while it is open. */
  closedAt: number | null;
  /** Whether the client hung up before the response was over. */
  hungUp: boolean;
  /** Whether the upstream has sent the response to its end. */
  finished: boolean;
  /** Bytes of its connection that the system has taken so far. */
  bytesSent(): number;
}

export interface FakeUpstream {
  /** Base URL up to and including `/v1`. */
  url: string;
  /** Every request so far, oldest first. */
  requests: RecordedRequest[];
  /** The requests to `/chat/completions` alone. */
  chats(): RecordedRequest[];
  /** Sockets that are open now, idle ones included. */
  openConnections(): number;
  /** Closes the sockets that no request is using, as servers do after a while. */
  dropIdle(): void;
  /** Queues the behaviour of the next answers, one each. */
  next(...behaviours: Behaviour[]): void;
  /** Replaces what `GET /v1/models` lists and how it behaves. */
  setModels(models: string[] | null, behaviour?: Behaviour): void;
  /** From now on each token waits for `release()`. */
  hold(): void;
  /** Lets `count` tokens through; without a count all, from now on. */
  release(count?: number): void;
  /**
   * Resolves when chat request `index` (in `chats()`) has arrived and its socket has closed.
   * @returns milliseconds of `performance.now()` at which it closed
   * @throws when the deadline passes first
   */
  waitForHangUp(index: number, deadlineMs?: number): Promise<number>;
  /** Resolves with chat request `index` when it has arrived. */
  waitForChat(index: number, deadlineMs?: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

const DEFAULT_DEADLINE_MS = 10_000;
const POLL_MS = 2;
const USAGE_LEFT_OUT_OF = 3;
const JSON_TYPE = { "content-type": "application/json" };

async function poll<T>(
  read: () => T | null | undefined,
  deadlineMs: number,
  what: string,
): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const value = read();
    if (value !== null && value !== undefined) return value;
    if (performance.now() > until) {
      throw new Error(`Fake upstream waited ${deadlineMs} ms for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

class Upstream {
  readonly requests: RecordedRequest[] = [];
  readonly script: Behaviour[] = [];
  readonly gate = new Gate();
  models: string[] | null;
  modelsBehaviour: Behaviour;
  private answered = 0;

  constructor(private readonly options: FakeUpstreamOptions) {
    this.models = options.models === undefined
      ? ["fake-1", "fake-2", "text-embedding-fake"]
      : options.models;
    this.modelsBehaviour = options.modelsBehaviour ?? {};
  }

  async handle(request: WireRequest, connection: WireConnection) {
    const recorded = this.record(request, connection);
    if (
      this.options.apiKey !== undefined &&
      request.headers.authorization !== `Bearer ${this.options.apiKey}`
    ) {
      await this.sendPlain({ status: 401 }, "", connection);
    } else if (request.path === "/v1/models") {
      await this.sendModels(connection);
    } else if (
      request.path === "/v1/chat/completions" && request.method === "POST"
    ) {
      await this.sendChat(recorded.body, connection);
    } else {
      const error = {
        message: `Invalid URL (${request.method} ${request.path})`,
        type: "invalid_request_error",
        param: null,
        code: null,
      };
      await this.sendPlain({ status: 404, error }, "", connection);
    }
    recorded.finished = !connection.hungUp;
  }

  private record(
    request: WireRequest,
    connection: WireConnection,
  ): RecordedRequest {
    let body: unknown = null;
    try {
      body = JSON.parse(request.body);
    } catch {
      // A GET has no body; a broken one is null, which a test will notice.
    }
    const recorded: RecordedRequest = {
      method: request.method,
      path: request.path,
      headers: request.headers,
      body,
      at: performance.now(),
      closedAt: null,
      hungUp: false,
      finished: false,
      bytesSent: () => connection.bytesSent,
    };
    void connection.closed.then(() => {
      recorded.closedAt = performance.now();
      recorded.hungUp = !recorded.finished;
    });
    this.requests.push(recorded);
    return recorded;
  }

  /** Does what can happen before any body, and says whether the response is over with it. */
  private async sendPlain(
    behaviour: Behaviour,
    model: string,
    connection: WireConnection,
  ): Promise<boolean> {
    if (behaviour.neverAnswers) {
      await connection.closed;
      return true;
    }
    if (behaviour.headerDelayMs) {
      await pause(behaviour.headerDelayMs, connection);
    }
    if (behaviour.rawBody !== undefined) {
      const headers = {
        "content-type": behaviour.contentType ?? "text/event-stream",
        ...behaviour.headers,
      };
      const status = behaviour.status ?? 200;
      await connection.write(wholeResponse(status, headers, behaviour.rawBody));
      return true;
    }
    if (behaviour.status === undefined) return false;
    const body = JSON.stringify(errorBody(behaviour, model));
    const headers = { ...JSON_TYPE, ...behaviour.headers };
    await connection.write(wholeResponse(behaviour.status, headers, body));
    return true;
  }

  private async sendModels(connection: WireConnection): Promise<void> {
    const behaviour = this.models === null
      ? { status: 404, ...this.modelsBehaviour }
      : this.modelsBehaviour;
    if (await this.sendPlain(behaviour, "", connection)) return;
    const data = (this.models ?? []).map((id) => ({
      id,
      object: "model",
      created: 1_700_000_000,
      owned_by: "fake",
    }));
    const body = JSON.stringify({ object: "list", data });
    await connection.write(wholeResponse(200, JSON_TYPE, body));
  }

  private behaviourFor(model: string): Behaviour {
    return this.script.shift() ?? this.options.behaviours?.[model] ??
      MODEL_BEHAVIOURS[model] ?? this.options.behaviour ?? {};
  }

  private async sendChat(
    request: AnswerRequest | null,
    connection: WireConnection,
  ): Promise<void> {
    const model = request?.model ?? "";
    const behaviour = this.behaviourFor(model);
    if (await this.sendPlain(behaviour, model, connection)) return;
    if (request === null || !Array.isArray(request.messages)) {
      await this.sendPlain({ status: 400 }, model, connection);
      return;
    }
    if (behaviour.refuseStreamOptions && request.stream_options) {
      const refusal = { status: 400, error: STREAM_OPTIONS_REFUSED };
      await this.sendPlain(refusal, model, connection);
      return;
    }
    const number = this.answered++;
    const id = `chatcmpl-fake${number}`;
    if (!request.stream || behaviour.ignoresStream) {
      const body = JSON.stringify(wholeAnswer(id, request, behaviour));
      await connection.write(wholeResponse(200, JSON_TYPE, body));
      return;
    }
    const gate = behaviour.held ? new Gate() : this.gate;
    if (behaviour.held) {
      gate.hold();
      this.heldGates.push(gate);
    }
    await sendAnswer({
      events: answerEvents(
        id,
        request,
        behaviour,
        this.usageAt(request, behaviour, number),
      ),
      behaviour,
      connection,
      gate,
      random: seededRandom((this.options.seed ?? 1) * 7919 + number),
    });
  }

  /** Gates of answers whose behaviour is `held`; `release()` opens them too. */
  readonly heldGates: Gate[] = [];

  private usageAt(
    request: AnswerRequest,
    behaviour: Behaviour,
    number: number,
  ): "own" | "last" | "every" | "none" {
    if (behaviour.usage !== undefined) return behaviour.usage;
    if (!request.stream_options?.include_usage) return "none";
    const seed = this.options.seed ?? 1;
    return (number + seed) % USAGE_LEFT_OUT_OF === 0 ? "none" : "own";
  }
}

/** Starts a fake upstream of its own; `close()` it at the end of the test. */
export async function startFakeUpstream(
  options: FakeUpstreamOptions = {},
): Promise<FakeUpstream> {
  const upstream = new Upstream(options);
  const server = await listen((request, connection) =>
    upstream.handle(request, connection)
  );
  const chats = () =>
    upstream.requests.filter(({ path }) => path === "/v1/chat/completions");
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    requests: upstream.requests,
    chats,
    openConnections: server.openConnections,
    dropIdle: server.dropIdle,
    next: (...behaviours) => void upstream.script.push(...behaviours),
    setModels: (models, behaviour = {}) => {
      upstream.models = models;
      upstream.modelsBehaviour = behaviour;
    },
    hold: () => upstream.gate.hold(),
    release: (count) => {
      upstream.gate.release(count);
      for (const gate of upstream.heldGates) gate.release(count);
    },
    waitForHangUp: (index, deadlineMs = DEFAULT_DEADLINE_MS) =>
      poll(
        () => chats()[index]?.closedAt,
        deadlineMs,
        `chat request ${index} to be hung up`,
      ),
    waitForChat: (index, deadlineMs = DEFAULT_DEADLINE_MS) =>
      poll(() => chats()[index], deadlineMs, `chat request ${index} to arrive`),
    close: server.close,
  };
}
