/**
 * Server-sent events (WHATWG HTML, 9.2): the bytes, the headers that keep proxies from buffering, the
 * heartbeat, and the one place that notices that a client has gone.
 */
import { AppError } from "@/lib/errors.ts";
import { eventJson, isTerminal, type PlacedEvent } from "./live_run.ts";
import { formatPosition } from "./position.ts";

/** How often a comment goes out when nothing else does, in milliseconds. */
export const HEARTBEAT_MS = 10_000;

/** How long a client waits before it comes back after a cut, in milliseconds. */
export const RETRY_MS = 1_000;

/**
 * A stream ends after so long and its client comes back for the rest, without anybody noticing: proxies
 * and platforms cut long responses at moments of their own. In milliseconds.
 */
export const LIFETIME_MS = 10 * 60_000;

/** How long a client waits when the server goes down in good order, in milliseconds. */
export const DRAIN_RETRY_MS = 250;

export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
} as const;

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": keep-alive\n\n");

/** One event as text. JSON never holds a raw line break, so `data` is always one line. */
export function formatEvent(placed: PlacedEvent): string {
  const id = formatPosition(placed.position);
  return `id: ${id}\nevent: ${placed.event.event}\ndata: ${
    eventJson(placed)
  }\n\n`;
}

/**
 * Runs `gone` once, as soon as a client hangs up. Production tells it by the stream's `cancel()`, the
 * development server by the request's signal; whoever finishes first calls `finish()`, after which
 * neither counts.
 */
export function onHangUp(
  signal: AbortSignal,
  gone: () => void,
): { finish: () => void; hangUp: () => void } {
  let settled = false;
  const hangUp = () => {
    if (settled) return;
    finish();
    gone();
  };
  const finish = () => {
    settled = true;
    signal.removeEventListener("abort", hangUp);
  };
  signal.addEventListener("abort", hangUp);
  if (signal.aborted) hangUp();
  return { finish, hangUp };
}

/**
 * Where a request has ended from this side, with the refusal as the reason of its signal, says so as the
 * last of a stream and closes it. Does nothing for a caller who has gone by themselves.
 * @param out null while the stream has not begun
 * @returns whether the stream is closed: nothing can be written to it any more
 */
export function sayLast(
  out: ReadableStreamDefaultController<Uint8Array> | null,
  { reason }: AbortSignal,
  text: (refusal: AppError) => string,
): boolean {
  if (out === null || !(reason instanceof AppError)) return false;
  out.enqueue(encoder.encode(text(reason)));
  out.close();
  return true;
}

/** @throws {AppError} the refusal that has ended a request from this side, if one has */
export function throwRefusal({ reason }: AbortSignal): void {
  if (reason instanceof AppError) throw reason;
}

/** The refusal as an event of a run's stream. */
export function refusalEvent({ code, message }: AppError): string {
  const data = JSON.stringify({ code, message, retryable: false });
  return `event: error\ndata: ${data}\n\n`;
}

export interface SseOptions {
  heartbeatMs?: number;
  lifetimeMs?: number;
  headers?: Record<string, string>;
  status?: number;
}

/**
 * Streams events to a client, reading the source only as fast as the client takes the bytes. `follow`
 * gets a signal that aborts when the client has gone, or the stream has lived its time. A stream whose
 * source ends without a last event asks the client to come back soon.
 */
export function sseResponse(
  follow: (signal: AbortSignal) => AsyncGenerator<PlacedEvent[], void, void>,
  requestSignal: AbortSignal,
  options: SseOptions = {},
): Response {
  const gone = new AbortController();
  const source = follow(gone.signal);
  let ended = false;
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const lifetime = setTimeout(
    () => gone.abort(),
    options.lifetimeMs ?? LIFETIME_MS,
  );
  const stop = () => {
    clearInterval(heartbeat);
    clearTimeout(lifetime);
  };
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const hangUp = onHangUp(requestSignal, () => {
    stop();
    gone.abort();
    void source.return();
    isClosed = sayLast(out, requestSignal, refusalEvent);
  });
  const finish = () => {
    stop();
    hangUp.finish();
  };

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, requestSignal, refusalEvent)) {
        isClosed = true;
        return;
      }
      out = controller;
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT);
      }, options.heartbeatMs ?? HEARTBEAT_MS);
    },
    async pull(controller) {
      try {
        const { done, value } = await source.next();
        if (isClosed) return;
        if (!done) {
          ended = isTerminal(value[value.length - 1].event);
          controller.enqueue(encoder.encode(value.map(formatEvent).join("")));
          return;
        }
        if (!ended) {
          controller.enqueue(encoder.encode(`retry: ${DRAIN_RETRY_MS}\n\n`));
        }
        finish();
        controller.close();
      } catch (error) {
        if (isClosed) return;
        finish();
        controller.error(error);
      }
    },
    cancel() {
      hangUp.hangUp();
    },
  });
  return new Response(body, {
    status: options.status ?? 200,
    headers: { ...SSE_HEADERS, ...options.headers },
  });
}
