/**
 * Listens to what happens on the server, over one connection of server-sent events.
 *
 * ```ts
 * const live = openLive({
 *   channels: ["threads"],
 *   fetch: browserFetch,
 *   page, // of `browser_tools.ts`
 *   onEvent: (message) => {
 *     if (message.type === "events.lost") void reloadRows();
 *     else if ("channel" in message && message.data.thread) put(message.data.thread);
 *     else if (message.type === "thread.deleted") remove(message.data.threadId);
 *   },
 * });
 * // later
 * live.close();
 * ```
 *
 * A cut connection is opened again after a pause that grows and varies; a page that nobody looks at holds
 * none. Each goes on behind the newest message, so nothing between is missed: what the server cannot tell
 * any more it says with `events.lost`. A thread's row in a message may already hold later changes.
 */
import { createParser } from "eventsource-parser";
import type { PageWatch } from "@/lib/shared/chat/run_stream.ts";
import type { LiveMessage } from "./live_wire.ts";

/** Silence after which a connection counts as dead; the server says something every 10 s. */
const SILENCE_MS = 35_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

export interface LiveOptions {
  /** `threads`, `thread:ID`; the server refuses others. */
  channels: readonly string[];
  fetch: (
    path: string,
    init: RequestInit & { signal: AbortSignal },
  ) => Promise<Response>;
  page: PageWatch;
  onEvent: (message: LiveMessage) => void;
  /** Place to begin at, such as a `hello` named; without one, what happens from now on. */
  cursor?: string;
  /** From 0 to 1. */
  random?: () => number;
}

/** Opens the connection and keeps it open; see above. A refusal (400, 404) ends it for good. */
export function openLive(options: LiveOptions): { close(): void } {
  const { page, random = Math.random } = options;
  let { cursor } = options;
  let isClosed = false;
  let connection: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let firstDelayMs = FIRST_DELAY_MS;

  const connect = async () => {
    const own = connection = new AbortController();
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => own.abort(), SILENCE_MS);
    };
    const parser = createParser({
      onRetry: (ms) => firstDelayMs = ms,
      onEvent({ id, data }) {
        if (own.signal.aborted) return;
        failures = 0;
        cursor = id ?? cursor;
        options.onEvent(JSON.parse(data));
      },
    });
    try {
      listen();
      const response = await options.fetch(
        `/api/live?channels=${options.channels.join()}`,
        {
          headers: cursor ? { "last-event-id": cursor } : {},
          cache: "no-store",
          signal: own.signal,
        },
      );
      if (response.status === 400 || response.status === 404) return close();
      if (response.ok && response.body) {
        const decoder = new TextDecoder();
        const reader = response.body.getReader();
        own.signal.onabort = () => void reader.cancel().catch(() => {});
        while (true) {
          listen();
          const { done, value } = await reader.read();
          if (done) break;
          parser.feed(decoder.decode(value, { stream: true }));
        }
      }
    } catch {
      // Cut or refused: the next connection goes on behind the newest message.
    }
    own.abort();
    if (connection !== own) return;
    connection = null;
    const longest = Math.min(LONGEST_DELAY_MS, firstDelayMs * 2 ** failures);
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(() => look(), longest * (0.5 + random() / 2));
  };
  const drop = () => {
    clearTimeout(timer);
    const dropped = connection;
    connection = null;
    dropped?.abort();
  };
  /** Connects or lets go, as the page wants it. A connection from before an outage is not trusted. */
  const look = (isBackOnline = false) => {
    if (isClosed) return;
    if (isBackOnline || page.isHidden()) drop();
    if (connection !== null || page.isHidden()) return;
    clearTimeout(timer);
    void connect();
  };
  const stop = page.onChange(look);
  const close = () => {
    isClosed = true;
    stop();
    drop();
  };
  look();
  return { close };
}
