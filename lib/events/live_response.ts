/** Live messages as server-sent events (WHATWG HTML, 9.2). */
import type { AppError } from "@/lib/errors.ts";
import type { LiveEnd, LiveMessage } from "@/lib/shared/live/live_wire.ts";
import {
  DRAIN_RETRY_MS,
  HEARTBEAT_MS,
  onHangUp,
  RETRY_MS,
  sayLast,
  SSE_HEADERS,
} from "@/lib/streams/sse.ts";

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": keep-alive\n\n");

/** One message as text. JSON never holds a raw line break, so `data` is always one line. */
function formatMessage(message: LiveMessage): string {
  const id = "cursor" in message
    ? message.cursor
    : "id" in message
    ? message.id
    : null;
  const place = id === null ? "" : `id: ${id}\n`;
  return `${place}data: ${JSON.stringify(message)}\n\n`;
}

/** The last message to one who may listen no longer. */
function formatEnd({ code, message }: AppError): string {
  const end: LiveEnd = { type: "ended", data: { code, message } };
  return `data: ${JSON.stringify(end)}\n\n`;
}

/**
 * Streams messages to a client, reading the source only as fast as the client takes the bytes. `listen`
 * gets a signal that aborts when the client has gone. When the source ends, the client is asked to come
 * back soon.
 */
export function liveResponse(
  listen: (signal: AbortSignal) => AsyncGenerator<LiveMessage[], void, void>,
  requestSignal: AbortSignal,
  { heartbeatMs = HEARTBEAT_MS }: { heartbeatMs?: number } = {},
): Response {
  const gone = new AbortController();
  const source = listen(gone.signal);
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const hangUp = onHangUp(requestSignal, () => {
    clearInterval(heartbeat);
    gone.abort();
    void source.return();
    isClosed = sayLast(out, requestSignal, formatEnd);
  });
  const finish = () => {
    clearInterval(heartbeat);
    hangUp.finish();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, requestSignal, formatEnd)) {
        isClosed = true;
        return;
      }
      out = controller;
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT);
      }, heartbeatMs);
    },
    async pull(controller) {
      try {
        const { done, value } = await source.next();
        if (isClosed) return;
        if (!done) {
          controller.enqueue(
            encoder.encode(value.map(formatMessage).join("")),
          );
          return;
        }
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
