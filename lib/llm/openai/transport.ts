/**
 * The lean way to a token stream: node:http with a pool of sockets. A `fetch` body read by default
 * holds 64 KiB for every waiting read, and the `openai` package's own stream costs several times the CPU
 * of this (`tests/bench/transport.ts` compares them).
 */
import type { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { guardedLookup } from "@/lib/llm/openai/guarded_lookup.ts";

/** A request that is ready to go. */
export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface ResponseHead {
  status: number;
  header: (name: string) => string | null;
}

/** What happens on the wire, in this order. After `onEnd` or `onError` nothing more is called. */
export interface ExchangeEvents {
  /** A socket of the pool is ours. */
  onSocket(): void;
  onConnect(): void;
  onResponse(head: ResponseHead): void;
  onData(bytes: Uint8Array): void;
  onEnd(): void;
  onError(error: unknown): void;
}

/** How long the end of a body may take after the answer in it is whole. */
const DRAIN_MS = 1000;
const CONNECTION_LOST = new Set(["ECONNRESET", "EPIPE"]);

/** One request and its response. */
export class HttpExchange {
  private request!: http.ClientRequest;
  private response: http.IncomingMessage | null = null;
  private over = false;
  /** The body has ended, so the socket is no longer ours. */
  private ended = false;
  private drainTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly create: () => http.ClientRequest,
    private readonly body: string,
    private readonly events: ExchangeEvents,
  ) {
    this.send(true);
  }

  /** A pooled socket that the peer had already closed is replaced once, unseen. */
  private send(mayResend: boolean): void {
    const request = this.create();
    this.request = request;
    request.once("socket", (socket) => this.watchConnect(request, socket));
    request.once("response", (response) => this.receive(response));
    request.on("error", (error) => {
      if (this.over) return;
      const lost = CONNECTION_LOST.has((error as { code?: string }).code ?? "");
      if (
        mayResend && lost && request.reusedSocket && this.response === null
      ) this.send(false);
      else this.fail(error);
    });
    request.end(this.body);
  }

  private watchConnect(request: http.ClientRequest, socket: Socket): void {
    if (this.over) return;
    this.events.onSocket();
    // A socket that another request has just given back comes connected, whatever it says of its reuse.
    if (request.reusedSocket || isConnected(socket)) {
      return this.events.onConnect();
    }
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
      if (!this.over) this.events.onConnect();
    });
  }

  /** Stops reading: the socket's buffers fill up and the provider has to wait. */
  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  /** Closes the socket at once, unless the exchange is over and it went back to the pool. */
  destroy(): void {
    this.over = true;
    clearTimeout(this.drainTimer);
    if (this.ended) return;
    this.response?.destroy();
    this.request.destroy();
  }

  /** The answer is whole: lets the body end, so that the socket can be used again. */
  finish(): void {
    if (this.over) return;
    this.over = true;
    this.drainTimer = setTimeout(() => this.destroy(), DRAIN_MS);
    this.response?.resume();
  }

  private receive(response: http.IncomingMessage): void {
    if (this.over) {
      response.on("error", () => {});
      response.destroy();
      return;
    }
    this.response = response;
    this.events.onResponse({
      status: response.statusCode ?? 0,
      header: (name) => {
        const value = response.headers[name];
        return Array.isArray(value) ? value.join(", ") : value ?? null;
      },
    });
    response.on("data", (bytes: Buffer) => {
      if (!this.over) this.events.onData(bytes);
    });
    response.on("end", () => {
      clearTimeout(this.drainTimer);
      this.ended = response.complete;
      if (this.over) return;
      if (!response.complete) return this.fail(new Error("Body was cut off"));
      this.over = true;
      this.events.onEnd();
    });
    response.on("error", (error) => this.fail(error));
    response.on("close", () => {
      clearTimeout(this.drainTimer);
      this.fail(new Error("Connection closed before the end of the body"));
    });
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.destroy();
    this.events.onError(error);
  }
}

function isConnected(socket: Socket): boolean {
  if (socket.connecting) return false;
  return !("encrypted" in socket) || !("secureConnecting" in socket) ||
    socket.secureConnecting === false;
}

/** The sockets to one provider. */
export class HttpTransport {
  readonly maxConnections: number;
  private readonly agent: http.Agent;
  private readonly secure: boolean;

  /**
   * @param baseUrl decides between http and https
   * @param refusesAddress addresses that a connection may not lead to
   */
  constructor(
    baseUrl: string,
    maxConnections: number,
    refusesAddress?: (address: string) => boolean,
  ) {
    this.maxConnections = maxConnections;
    this.secure = new URL(baseUrl).protocol === "https:";
    const options = {
      keepAlive: true,
      maxSockets: maxConnections,
      maxFreeSockets: maxConnections,
      ...(refusesAddress === undefined
        ? {}
        : { lookup: guardedLookup(refusesAddress) }),
    };
    this.agent = this.secure
      ? new https.Agent(options)
      : new http.Agent(options);
  }

  /** Sends a request as soon as a socket of the pool is free. */
  send(request: HttpRequest, events: ExchangeEvents): HttpExchange {
    const create = () =>
      (this.secure ? https : http).request(request.url, {
        method: request.method,
        agent: this.agent,
        headers: request.headers,
      });
    return new HttpExchange(create, request.body, events);
  }

  /** Sockets that are open, the idle ones included. */
  get openSockets(): number {
    return count(this.agent.sockets) + count(this.agent.freeSockets);
  }

  /** Closes the idle sockets. */
  closeIdle(): void {
    for (const sockets of Object.values(this.agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Closes the idle sockets, and each of the others when its answer has ended. */
  retire(): void {
    // The agent asks itself when a socket comes free.
    (this.agent as http.Agent & { keepAlive: boolean }).keepAlive = false;
    this.closeIdle();
  }

  /** Closes the idle sockets, and those in use. */
  close(): void {
    this.agent.destroy();
  }
}

function count(pools: NodeJS.ReadOnlyDict<unknown[]>): number {
  let sum = 0;
  for (const sockets of Object.values(pools)) sum += sockets?.length ?? 0;
  return sum;
}
