/** The two ways to `/api/live`: a WebSocket, and server-sent events where no socket gets through. */
import { createParser } from "eventsource-parser";
import {
  CLOSE_CODES,
  type LiveError,
  type LiveMessage,
  type LiveRequest,
} from "./live_wire.ts";

/** An open way; nothing is told of it any more once `close` was called. */
export interface LiveTransport {
  /** Null where a change of the channels takes another connection. */
  readonly send: ((request: LiveRequest) => void) | null;
  close(): void;
}

/**
 * How a connection ended: cut, or never there; after the server asked to come back soon; for want of a
 * sign-in; or because it was asked for something that there is not (the error before it says what).
 */
export type LiveTransportEnd = "cut" | "soon" | "sign_in" | "refused";

/** What a way tells; `onEnd` once, and nothing after it. */
export interface LiveTransportListener {
  onMessage: (message: LiveMessage) => void;
  onEnd: (end: LiveTransportEnd) => void;
}

/** Opens a way to channels, behind a cursor (null: from now on). */
export type OpenLiveTransport = (
  channels: readonly string[],
  cursor: string | null,
  listener: LiveTransportListener,
) => LiveTransport;

/** What is used of a browser's WebSocket. */
export type Socket = Pick<
  WebSocket,
  "send" | "close" | "onmessage" | "onclose"
>;

const ENDS: Readonly<Record<number, LiveTransportEnd>> = {
  [CLOSE_CODES.signIn]: "sign_in",
  [CLOSE_CODES.channel]: "refused",
  [CLOSE_CODES.tooSlow]: "soon",
  [CLOSE_CODES.restart]: "soon",
};

function addressOf(channels: readonly string[], cursor: string | null): string {
  const query = new URLSearchParams({ channels: channels.join() });
  if (cursor !== null) query.set("cursor", cursor);
  return `/api/live?${query}`;
}

/**
 * Over a WebSocket.
 * @param openSocket opens one to a path of this origin; may throw
 */
export function socketTransport(
  openSocket: (path: string) => Socket,
): OpenLiveTransport {
  return (channels, cursor, { onMessage, onEnd }) => {
    const socket = openSocket(addressOf(channels, cursor));
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") onMessage(JSON.parse(data));
    };
    socket.onclose = ({ code }) => onEnd(ENDS[code] ?? "cut");
    return {
      send: (request) => socket.send(JSON.stringify(request)),
      close() {
        socket.onmessage = socket.onclose = null;
        socket.close();
      },
    };
  };
}

/** Over server-sent events. */
export function streamTransport(
  fetch: (
    path: string,
    init: RequestInit & { signal: AbortSignal },
  ) => Promise<Response>,
): OpenLiveTransport {
  return (channels, cursor, { onMessage, onEnd }) => {
    const closed = new AbortController();
    const { signal } = closed;
    let end: LiveTransportEnd = "cut";
    const parser = createParser({
      onEvent({ data }) {
        if (!signal.aborted) onMessage(JSON.parse(data));
      },
      // A server that goes down in good order asks to come back sooner than one that is up.
      onRetry: (ms) => end = ms < FIRST_RETRY_MS ? "soon" : "cut",
    });
    const read = async () => {
      const response = await fetch(addressOf(channels, cursor), {
        cache: "no-store",
        signal,
      });
      if (!response.ok || response.body === null) {
        return await refusalOf(response, channels, onMessage);
      }
      const decoder = new TextDecoder();
      for await (const bytes of chunksOf(response.body, signal)) {
        parser.feed(decoder.decode(bytes, { stream: true }));
      }
      return end;
    };
    read().catch((): LiveTransportEnd => "cut").then((end) => {
      if (!signal.aborted) onEnd(end);
    });
    return { send: null, close: () => closed.abort() };
  };
}

/** What a server that is up names as the pause before coming back, in milliseconds. */
const FIRST_RETRY_MS = 1_000;

/** Bytes of a body until the signal aborts; not every browser iterates streams. */
async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Says what was refused, as a socket does before it closes. */
async function refusalOf(
  response: Response,
  asked: readonly string[],
  onMessage: (message: LiveMessage) => void,
): Promise<LiveTransportEnd> {
  if (response.status === 401) return "sign_in";
  if (![400, 403, 404].includes(response.status)) return "cut";
  const { code, detail, channel } = await response.json();
  const error: LiveError = {
    type: "error",
    data: {
      code: String(code),
      message: String(detail),
      // Where the server does not say which one, all of them are in vain.
      channels: typeof channel === "string" ? [channel] : [...asked],
    },
  };
  onMessage(error);
  return "refused";
}
