/**
 * Follows a run over server-sent events until its end, whatever the network does: a cut stream is
 * attached again from the last event received, and a page that nobody looks at holds no connection.
 */
import { createParser } from "eventsource-parser";
import type { RunEvent } from "@/lib/shared/wire.ts";
import {
  formatPlace,
  parsePlace,
  type Place,
  type PlacedRunEvent,
} from "./answer.ts";
import type { Fetch } from "./requests.ts";

// Whoever follows a run folds its events: one script on demand brings both.
export { withEvent } from "./answer_events.ts";

/** Silence after which a connection counts as dead; the server says something every 10 s. */
const SILENCE_MS = 25_000;

/**
 * How often silence is looked for. By the wall clock: timers stand still while a machine sleeps, and its
 * connections rarely survive that.
 */
const SILENCE_CHECK_MS = 2_500;

/** How long attaching may take, in milliseconds. */
const ATTACH_MS = 15_000;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

const EVENT_NAMES = new Set<string>(
  [
    "start",
    "chunk",
    "reasoning",
    "tool",
    "reset",
    "error",
    "done",
  ] satisfies RunEvent["event"][],
);

/** What the page tells: whether someone looks at it, and when the network is back. */
export interface PageWatch {
  isHidden(): boolean;
  /**
   * Calls back on every change that may matter to a connection, with true when the network was away and
   * connections from before are not to be trusted; returns how to stop.
   */
  onChange(callback: (isBackOnline: boolean) => void): () => void;
}

export interface FollowOptions {
  runId: string;
  /** A response that streams this run already. */
  response?: Response;
  /** Newest event that is known; null to begin at the beginning. */
  after: Place | null;
  signal: AbortSignal;
  onEvent: (event: PlacedRunEvent) => void;
  fetch: Fetch;
  page: PageWatch;
  /** From 0 to 1. */
  random?: () => number;
}

/** How following ended: with the run's last event, because the server has no such run, or by the signal. */
export type FollowEnd = "ended" | "gone" | "aborted";

/** Resolves after the time, on a change of the page or when the signal aborts. */
function pause(
  ms: number,
  page: PageWatch,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined;
    const stop = page.onChange(end);
    signal.addEventListener("abort", end);
  });
}

/** Events of a stream, as they arrive; ends with the stream, on silence or when the signal aborts. */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onEvent: (event: PlacedRunEvent) => boolean,
  onRetry: (ms: number) => void,
): Promise<boolean> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  let heardAtMs = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - heardAtMs > SILENCE_MS) cancel();
  }, SILENCE_CHECK_MS);
  let isEnded = false;
  const parser = createParser({
    onRetry,
    onEvent({ id, event, data }) {
      const place = parsePlace(id);
      if (isEnded || place === null || !EVENT_NAMES.has(event ?? "")) return;
      isEnded = onEvent({
        place,
        event: { event, data: JSON.parse(data) } as RunEvent,
      });
    },
  });
  const decoder = new TextDecoder();
  try {
    while (!isEnded) {
      const { done, value } = await reader.read();
      heardAtMs = Date.now();
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
    return isEnded;
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

async function attach(
  { fetch, runId }: FollowOptions,
  after: Place | null,
  connection: AbortController,
): Promise<Response> {
  const timer = setTimeout(() => connection.abort(), ATTACH_MS);
  try {
    return await fetch(`/api/runs/${runId}/events`, {
      headers: {
        accept: "text/event-stream",
        ...(after === null ? {} : { "last-event-id": formatPlace(after) }),
      },
      cache: "no-store",
      signal: connection.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Follows a run to its end; see above. Never rejects. */
export async function followRun(options: FollowOptions): Promise<FollowEnd> {
  const { page, signal, random = Math.random } = options;
  let { after, response } = options;
  let failures = 0;
  let firstDelayMs = FIRST_DELAY_MS;
  const take = (event: PlacedRunEvent): boolean => {
    failures = 0;
    after = event.place;
    options.onEvent(event);
    return event.event.event === "done" || event.event.event === "error";
  };

  while (!signal.aborted) {
    if (page.isHidden() && response === undefined) {
      await pause(Infinity, page, signal);
      continue;
    }
    const connection = new AbortController();
    const close = () => connection.abort();
    signal.addEventListener("abort", close);
    const stop = page.onChange((isBackOnline) => {
      if (isBackOnline) failures = -1;
      if (isBackOnline || page.isHidden()) close();
    });
    try {
      response ??= await attach(options, after, connection);
      if (response.status === 404) return "gone";
      if (response.ok && response.body !== null) {
        const isEnded = await readEvents(
          response.body,
          connection.signal,
          take,
          (ms) => firstDelayMs = ms,
        );
        if (isEnded) return "ended";
      }
    } catch {
      // Cut, refused or unreadable: the next attempt begins at the last event that was whole.
    } finally {
      stop();
      signal.removeEventListener("abort", close);
      close();
    }
    response = undefined;
    if (page.isHidden()) continue;
    const longest = failures < 0
      ? 0
      : Math.min(LONGEST_DELAY_MS, firstDelayMs * 2 ** failures);
    failures += 1;
    await pause(longest * (0.5 + random() / 2), page, signal);
  }
  return "aborted";
}
