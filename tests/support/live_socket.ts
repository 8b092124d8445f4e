/** A socket of `/api/live`, whose messages are awaited one by one. */
import assert from "node:assert/strict";
import type { LiveEvent, LiveMessage } from "@/lib/shared/live/live_wire.ts";

/** Longest wait for a message, in milliseconds. */
const DEADLINE_MS = 20_000;

/** A message that is no event, by its type. */
export type LiveWord<Type extends string = string> = Extract<
  Exclude<LiveMessage, LiveEvent>,
  { type: Type }
>;

export interface LiveTestSocket {
  socket: WebSocket;
  /** Every message so far. */
  messages: LiveMessage[];
  /** The next message. @throws when the socket closes first */
  next(): Promise<LiveMessage>;
  /** The next event, or the next of this type. */
  event(type?: string): Promise<LiveEvent>;
  /** The next message of this type that is no event. */
  word<Type extends LiveWord["type"]>(type: Type): Promise<LiveWord<Type>>;
  say(request: unknown): void;
  /** Code and reason with which it closed. */
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

/** Opens one. It may be refused, which shows in how it closes. */
export function openLiveSocket(
  url: string,
  channels: string,
  { cursor, headers = {} }: {
    cursor?: string;
    headers?: Record<string, string>;
  } = {},
): LiveTestSocket {
  const query = new URLSearchParams({ channels, ...cursor && { cursor } });
  const socket = new WebSocket(
    `${url.replace("http", "ws")}/api/live?${query}`,
    // The types are those of browsers, where nobody may choose headers.
    { headers } as unknown as string[],
  );
  const messages: LiveMessage[] = [];
  let taken = 0;
  let news = Promise.withResolvers<void>();
  const ring = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let isClosed = false;
  socket.onmessage = ({ data }) => {
    messages.push(JSON.parse(data));
    ring();
  };
  socket.onerror = (event) => event.preventDefault();
  socket.onclose = ({ code, reason }) => {
    isClosed = true;
    closed.resolve({ code, reason });
    ring();
  };
  const next = async (): Promise<LiveMessage> => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (taken === messages.length) {
      assert.ok(!isClosed, "the socket is closed");
      await Promise.race([
        news.promise,
        new Promise((_, reject) =>
          deadline.addEventListener("abort", () => reject(deadline.reason), {
            once: true,
          })
        ),
      ]);
    }
    return messages[taken++];
  };
  return {
    socket,
    messages,
    next,
    async event(type) {
      while (true) {
        const message = await next();
        if ("channel" in message && (type ?? message.type) === message.type) {
          return message;
        }
      }
    },
    async word<Type extends LiveWord["type"]>(type: Type) {
      while (true) {
        const message = await next();
        if (message.type === type && !("channel" in message)) {
          return message as LiveWord<Type>;
        }
      }
    },
    say: (request) => socket.send(JSON.stringify(request)),
    closed: closed.promise,
    async close() {
      socket.close();
      await closed.promise;
    },
  };
}
