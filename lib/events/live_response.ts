/** Live messages as server-sent events (WHATWG HTML, 9.2). */
import type { AppError } from "@/lib/errors.ts";
import type { LiveEnd } from "@/lib/shared/live/live_wire.ts";
import {
  DRAIN_RETRY_MS,
  onHangUp,
  RETRY_MS,
  sayLast,
  SSE_HEADERS,
} from "@/lib/streams/sse.ts";
import type { LiveFeed } from "./live_feed.ts";
import { frameOf, type LiveFrame } from "./live_item.ts";
import type { LiveListener } from "./live_listener.ts";

const encoder = new TextEncoder();

/** One message as text. JSON never holds a raw line break, so `data` is always one line. */
function formatFrame({ place, text }: LiveFrame): string {
  return `${place === null ? "" : `id: ${place}\n`}data: ${text}\n\n`;
}

/** The last message to one who may listen no longer. */
function formatEnd({ code, message }: AppError): string {
  const end: LiveEnd = { type: "ended", data: { code, message } };
  return `data: ${JSON.stringify(end)}\n\n`;
}

/**
 * Streams messages to a client, reading the listener only as fast as the client takes the bytes. When the
 * listener ends, the client is asked to come back soon.
 * @param listener is closed with the response
 * @param requestSignal aborts when the client has gone, or may listen no longer
 * @param hungUp is aborted in both cases; the listener's own signal
 */
export function liveResponse(
  feed: Pick<LiveFeed, "heartbeatMs" | "metrics" | "clock">,
  listener: LiveListener,
  requestSignal: AbortSignal,
  hungUp: AbortController,
): Response {
  const { metrics, clock } = feed;
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const disconnected = metrics.connected("stream");
  const end = () => {
    clearInterval(heartbeat);
    listener.close();
    disconnected();
  };
  const hangUp = onHangUp(requestSignal, () => {
    hungUp.abort();
    end();
    isClosed = sayLast(out, requestSignal, formatEnd);
    if (isClosed) metrics.dropped("access");
  });
  const finish = () => {
    hangUp.finish();
    end();
  };
  const heartbeat = setInterval(() => {
    if (!listener.isIdle || (out?.desiredSize ?? 0) <= 0) return;
    const frame = frameOf({ type: "heartbeat", cursor: listener.cursor });
    out?.enqueue(encoder.encode(formatFrame(frame)));
  }, feed.heartbeatMs);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, requestSignal, formatEnd)) {
        isClosed = true;
        return;
      }
      out = controller;
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
    },
    async pull(controller) {
      try {
        const frames = await listener.next();
        if (isClosed) return;
        if (frames !== null) {
          const text = frames.map(formatFrame).join("");
          controller.enqueue(encoder.encode(text));
          for (const { atMs } of frames) {
            if (atMs !== null) metrics.delivered("live", clock.now() - atMs);
          }
          return;
        }
        if (listener.isLeftBehind) metrics.dropped("too_slow");
        controller.enqueue(encoder.encode(`retry: ${DRAIN_RETRY_MS}\n\n`));
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
  return new Response(body, { headers: SSE_HEADERS });
}
