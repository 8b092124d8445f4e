/** The events of a run as a stream to one caller, at the caller's pace. */
import type { AppError } from "@/lib/errors.ts";
import { isTerminal, type PlacedEvent } from "@/lib/streams/live_run.ts";
import {
  HEARTBEAT_MS,
  onHangUp,
  sayLast,
  SSE_HEADERS,
} from "@/lib/streams/sse.ts";

export interface StreamOptions {
  /** The events; the signal aborts when the caller has gone. */
  follow: (
    signal: AbortSignal,
  ) => AsyncIterator<PlacedEvent[], void, void>;
  /** What is written for some events. */
  format: (events: readonly PlacedEvent[]) => string;
  /** What is written when the events end before the run does. */
  broken: () => string;
  /** What is written when the caller may be here no longer. */
  refused: (refusal: AppError) => string;
  /** Aborts when the caller has gone, with an `AppError` when they may be here no longer. */
  signal: AbortSignal;
  /** Called once if the caller hangs up, or has to, before the end. */
  onHangUp?: () => void;
  headers: Record<string, string>;
}

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": keep-alive\n\n");

export function streamResponse(options: StreamOptions): Response {
  const gone = new AbortController();
  const source = options.follow(gone.signal);
  let hasEnded = false;
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const hangUp = onHangUp(options.signal, () => {
    clearInterval(heartbeat);
    gone.abort();
    void source.return?.();
    options.onHangUp?.();
    isClosed = sayLast(out, options.signal, options.refused);
  });
  const finish = () => {
    clearInterval(heartbeat);
    hangUp.finish();
  };
  /** False: there was nothing to write for these events. */
  const write = (
    controller: ReadableStreamDefaultController<Uint8Array>,
    { done, value }: IteratorResult<PlacedEvent[], void>,
  ): boolean => {
    if (done) {
      finish();
      if (!hasEnded) controller.enqueue(encoder.encode(options.broken()));
      controller.close();
      return true;
    }
    const text = options.format(value);
    hasEnded = isTerminal(value[value.length - 1].event);
    // All has been said; a caller who goes now has not hung up.
    if (hasEnded) hangUp.finish();
    if (text === "") return false;
    controller.enqueue(encoder.encode(text));
    return true;
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, options.signal, options.refused)) {
        isClosed = true;
        return;
      }
      out = controller;
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT);
      }, HEARTBEAT_MS);
    },
    pull: (controller) => {
      const take = (): Promise<void> =>
        source.next().then((result) => {
          if (isClosed) return;
          if (!write(controller, result)) return take();
        });
      return take().catch((error) => {
        if (isClosed) return;
        finish();
        controller.error(error);
      });
    },
    cancel() {
      hangUp.hangUp();
    },
  });
  return new Response(body, {
    headers: { ...SSE_HEADERS, ...options.headers },
  });
}
