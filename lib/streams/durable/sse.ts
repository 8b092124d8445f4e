/** The live mode of a durable stream over server-sent events (section 5.7). */
import {
  HEARTBEAT_MS,
  onHangUp,
  refusalEvent,
  sayLast,
  SSE_HEADERS,
} from "@/lib/streams/sse.ts";
import { formatOffset } from "./offset.ts";
import {
  type DurableSource,
  type Piece,
  type Tail,
  toJson,
  toPiece,
} from "./piece.ts";
import type { Reading } from "./query.ts";

/** How long a stream of events lives; the protocol wants about 60 s. In milliseconds. */
export const LIFETIME_MS = 60_000;

/** Streams what there is behind the place that a reader has, then what comes. */
export function sseResponse(
  request: Request,
  source: DurableSource,
  reading: Reading,
  tail: Tail | null,
  lifetimeMs = LIFETIME_MS,
): Response {
  const gone = new AbortController();
  const batches = source.follow(reading.after, gone.signal);
  const encoder = new TextEncoder();
  const control = ({ next, isUpToDate, isClosed }: Omit<Piece, "events">) =>
    `event: control\ndata: ${
      JSON.stringify({
        streamNextOffset: formatOffset(next),
        ...(isClosed
          ? { streamClosed: true }
          : { streamCursor: reading.cursor }),
        ...(isUpToDate ? { upToDate: true } : {}),
      })
    }\n\n`;
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const lifetime = setTimeout(() => gone.abort(), lifetimeMs);
  const stop = () => {
    clearInterval(heartbeat);
    clearTimeout(lifetime);
  };
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const hangUp = onHangUp(request.signal, () => {
    stop();
    gone.abort();
    void batches.return();
    isClosed = sayLast(out, request.signal, refusalEvent);
  });
  const end = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    stop();
    hangUp.finish();
    gone.abort();
    controller.close();
  };
  let place = reading.after;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, request.signal, refusalEvent)) {
        isClosed = true;
        return;
      }
      out = controller;
      const first = toPiece([], place, tail);
      if (first.isUpToDate) {
        controller.enqueue(encoder.encode(control(first)));
        if (first.isClosed) return end(controller);
      }
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) {
          controller.enqueue(encoder.encode(": keep-alive\n\n"));
        }
      }, HEARTBEAT_MS);
    },
    async pull(controller) {
      try {
        const { done, value } = await batches.next();
        if (isClosed) return;
        if (done) return end(controller);
        const piece = toPiece(value, place, await source.tail());
        if (isClosed) return;
        place = piece.next;
        controller.enqueue(
          encoder.encode(
            `event: data\ndata: ${toJson(piece.events)}\n\n${control(piece)}`,
          ),
        );
        if (piece.isClosed) end(controller);
      } catch (error) {
        if (isClosed) return;
        stop();
        hangUp.finish();
        controller.error(error);
      }
    },
    cancel() {
      hangUp.hangUp();
    },
  });
  return new Response(body, {
    headers: { ...SSE_HEADERS, "cross-origin-resource-policy": "same-origin" },
  });
}
