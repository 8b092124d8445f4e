/** Live messages over a WebSocket (RFC 6455). */
import { AppError } from "@/lib/errors.ts";
import { sleep } from "@/lib/clock.ts";
import type { LiveDropReason } from "@/lib/observe/live_metrics.ts";
import {
  CLOSE_CODES,
  type LiveMessage,
  type LiveRequest,
} from "@/lib/shared/live/live_wire.ts";
import type { Channel } from "./live_channels.ts";
import type { LiveFeed } from "./live_feed.ts";
import { frameOf, type LiveFrame } from "./live_item.ts";
import type { LiveListener } from "./live_listener.ts";
import {
  findChannels,
  MAX_REQUEST_CHARACTERS,
  parseRequest,
  RequestAllowance,
} from "./live_requests.ts";

/** Bytes that wait for a client to take them, beyond which nothing more is put to them. */
const MAX_WAITING_BYTES = 64 * 1024;
/** How long a client may take nothing, in milliseconds. */
const STALLED_MS = 15_000;
/** How often is looked whether a slow client has caught up: at first, and at most; in milliseconds. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 250;
/** How often is looked whether an admin still is one, in milliseconds. */
export const ROLE_CHECK_MS = 1_000;
/** Longest reason that a close frame holds, in bytes (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;

export interface LiveSocketParts {
  feed: Pick<
    LiveFeed,
    "heartbeatMs" | "metrics" | "clock" | "log" | "stopped" | "track"
  >;
  /** @throws {AppError} what the client asked for is not for it */
  listen: (signal: AbortSignal) => Promise<LiveListener>;
  /** Whether the client may listen to more channels. @throws {AppError} 403 or 404: it may not */
  assertMayListen: (channels: readonly Channel[]) => Promise<void>;
  /** Whether the client, who was an admin, still is one. */
  isStillAdmin: () => Promise<boolean>;
  /** Aborts with an `AppError` when the client may be here no longer. */
  access: AbortSignal;
}

/** Serves a socket until it closes. */
export class LiveSocket {
  readonly #socket: WebSocket;
  readonly #parts: LiveSocketParts;
  readonly #allowance: RequestAllowance;
  /** Aborts when nothing more is to be said. */
  readonly #ended = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #listener: LiveListener | null = null;
  /** Place of the newest message that went out. */
  #sent: string | null = null;
  /** What the client has said so far is done. */
  #done: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, parts: LiveSocketParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#allowance = new RequestAllowance(parts.feed.clock);
    socket.onopen = () => void this.#serve();
    socket.onmessage = ({ data }) => this.#onMessage(data);
    socket.onclose = () => this.#closed.resolve();
    // What is wrong with a socket shows in its end, which comes next.
    socket.onerror = () => this.#closed.resolve();
    this.#closed.promise.then(() => this.#ended.abort());
    parts.feed.track(this.closed);
  }

  /** Resolves when the socket is gone, which may be long after it was told to close. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async #serve(): Promise<void> {
    const { feed, access } = this.#parts;
    const { signal } = this.#ended;
    const disconnected = feed.metrics.connected("socket");
    const onStop = () =>
      this.#close(CLOSE_CODES.restart, "The server restarts");
    const onAccess = () => this.#onAccess();
    feed.stopped.addEventListener("abort", onStop, { signal });
    access.addEventListener("abort", onAccess, { signal });
    if (feed.stopped.aborted) onStop();
    if (access.aborted) onAccess();
    const timers = [
      setInterval(() => this.#heartbeat(), feed.heartbeatMs),
      setInterval(() => void this.#checkRole(), ROLE_CHECK_MS),
    ];
    try {
      await this.#tellAll();
    } catch (error) {
      this.#fail(error);
    } finally {
      for (const timer of timers) clearInterval(timer);
      this.#listener?.close();
      disconnected();
    }
  }

  async #tellAll(): Promise<void> {
    const { signal } = this.#ended;
    const listener = this.#listener = await this.#parts.listen(signal);
    while (!signal.aborted) {
      const frames = await listener.next();
      if (signal.aborted) return;
      if (frames === null) {
        this.#tooSlow();
        return;
      }
      for (const frame of frames) {
        this.#send(frame);
        if (this.#socket.bufferedAmount <= MAX_WAITING_BYTES) continue;
        if (await this.#untilTaken(listener)) continue;
        this.#tooSlow();
        return;
      }
    }
  }

  /** Waits until the client has taken most of what was put to it; false: it takes too long. */
  async #untilTaken(listener: LiveListener): Promise<boolean> {
    const { clock } = this.#parts.feed;
    const { signal } = this.#ended;
    let lookMs = FIRST_LOOK_MS;
    let least = this.#socket.bufferedAmount;
    let takenAtMs = clock.monotonic();
    while (!signal.aborted) {
      await sleep(clock, lookMs, signal);
      const waiting = this.#socket.bufferedAmount;
      if (waiting <= MAX_WAITING_BYTES / 2) return true;
      if (waiting < least) {
        least = waiting;
        takenAtMs = clock.monotonic();
      }
      const isStalled = clock.monotonic() - takenAtMs > STALLED_MS;
      if (isStalled || listener.isLeftBehind) return false;
      lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 2);
    }
    return true;
  }

  #send({ place, text, atMs }: LiveFrame): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const { metrics, clock } = this.#parts.feed;
    this.#socket.send(text);
    this.#sent = place ?? this.#sent;
    if (atMs !== null) metrics.delivered("live", clock.now() - atMs);
  }

  #say(message: LiveMessage): void {
    this.#send(frameOf(message));
  }

  /** Up to where everything was told. */
  get #cursor(): string {
    const listener = this.#listener;
    return listener?.isIdle ? listener.cursor : this.#sent ?? "";
  }

  #heartbeat(): void {
    // Where more is to be told the client hears enough, or takes nothing.
    if (!this.#listener?.isIdle) return;
    this.#say({ type: "heartbeat", cursor: this.#cursor });
  }

  async #checkRole(): Promise<void> {
    if (!this.#listener?.isForAdmins) return;
    try {
      if (await this.#parts.isStillAdmin()) return;
    } catch {
      // A store that is silent for a moment is no reason to cut anybody off.
      return;
    }
    this.#drop("channel", CLOSE_CODES.channel, "Your role has changed");
  }

  #onMessage(data: unknown): void {
    if (this.#ended.signal.aborted) return;
    if (!this.#allowance.take()) {
      this.#drop("flood", CLOSE_CODES.tooMany, "Too many messages");
      return;
    }
    if (typeof data !== "string") {
      this.#close(CLOSE_CODES.notText, "Messages are JSON texts");
      return;
    }
    if (data.length > MAX_REQUEST_CHARACTERS) {
      this.#close(CLOSE_CODES.tooBig, "The message is too long");
      return;
    }
    const request = parseRequest(data);
    if (request === null) {
      this.#refuse(
        "invalid_request",
        'A message is {"subscribe": […]} or {"unsubscribe": […]}, with at most 20 channels.',
      );
      return;
    }
    // One after the other, in the order in which they came.
    this.#done = this.#done.then(() => this.#answer(request)).catch((error) =>
      this.#fail(error)
    );
  }

  async #answer({ subscribe, unsubscribe }: LiveRequest): Promise<void> {
    const listener = this.#listener;
    if (this.#ended.signal.aborted) return;
    if (listener === null) {
      this.#refuse("not_ready", "Wait for the hello.");
      return;
    }
    if (unsubscribe !== undefined) {
      listener.unsubscribe(unsubscribe);
      this.#say({
        type: "unsubscribed",
        channels: unsubscribe,
        cursor: this.#cursor,
      });
    }
    if (subscribe !== undefined) await this.#subscribe(listener, subscribe);
  }

  async #subscribe(
    listener: LiveListener,
    names: readonly string[],
  ): Promise<void> {
    const { channels, unknown } = findChannels(names);
    if (unknown.length > 0) {
      this.#refuse("invalid_request", "There is no such channel.", unknown);
    }
    const fresh = channels.filter(({ name }) =>
      !listener.channels.includes(name)
    );
    if (fresh.length > listener.room) {
      this.#refuse(
        "too_many_channels",
        "A connection listens to at most 20 channels.",
        fresh.map(({ name }) => name),
      );
      return;
    }
    await this.#parts.assertMayListen(fresh);
    await listener.subscribe(fresh);
    if (channels.length === 0) return;
    this.#say({
      type: "subscribed",
      channels: channels.map(({ name }) => name),
      cursor: this.#cursor,
    });
  }

  #refuse(
    code: string,
    message: string,
    channels: readonly string[] = [],
  ): void {
    this.#say({
      type: "error",
      data: { code, message, channels: [...channels] },
    });
  }

  #tooSlow(): void {
    if (this.#parts.feed.stopped.aborted) return;
    this.#drop(
      "too_slow",
      CLOSE_CODES.tooSlow,
      "Too slow; go on by the cursor",
    );
  }

  #onAccess(): void {
    const { reason } = this.#parts.access;
    const message = reason instanceof AppError ? reason.message : "Sign in";
    this.#drop("access", CLOSE_CODES.signIn, message);
  }

  /** What was asked for is not for this client, or the store has failed. */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    if (error instanceof AppError && error.status < 500) {
      const { code, message, extra } = error;
      const { channel } = extra;
      this.#refuse(code, message, typeof channel === "string" ? [channel] : []);
      this.#drop("channel", CLOSE_CODES.channel, message);
      return;
    }
    this.#parts.feed.log.warn("A live connection has failed", { error });
    this.#close(CLOSE_CODES.failed, "The server has failed; come back");
  }

  #drop(reason: LiveDropReason, code: number, text: string): void {
    if (this.#ended.signal.aborted) return;
    this.#parts.feed.metrics.dropped(reason);
    this.#close(code, text);
  }

  #close(code: number, text: string): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    closeSocket(this.#socket, code, text);
  }
}

/** Closes a socket with a reason that is cut to what a close frame holds. */
export function closeSocket(
  socket: WebSocket,
  code: number,
  reason: string,
): void {
  const bytes = new TextEncoder().encode(reason).subarray(0, MAX_REASON_BYTES);
  // A character that was cut in two is left out.
  const text = new TextDecoder().decode(bytes).replace(/\ufffd+$/, "");
  socket.close(code, text);
}
