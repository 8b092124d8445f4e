/** Long polling, for clients and proxies that cannot hold a stream open. */
import type { After } from "./follow.ts";
import { isTerminal, type PlacedEvent } from "./live_run.ts";
import { formatPosition } from "./position.ts";
import { formatEvent, SSE_HEADERS, throwRefusal } from "./sse.ts";

/** How long a poll waits for the first event, in milliseconds: below the idle time of common proxies. */
const WAIT_MS = 25_000;

/** Events in one answer at most. */
const MAX_EVENTS = 1_000;

export interface Poll {
  /** Follows the run from the place on. */
  follow: (
    signal: AbortSignal,
  ) => AsyncGenerator<PlacedEvent[], void, void>;
  after: After;
  /** The caller has the end already. */
  hasHeardEnd: boolean;
  waitMs?: number;
}

/**
 * The events after a place: what there is, else the next ones, else none after a while. As JSON
 * `{events: [{id, event, data}], lastEventId, ended}`, or with `Accept: text/event-stream` as the same
 * events in that form. `lastEventId` is where the next poll goes on.
 * @throws {AppError} what has ended the request from this side
 */
export async function pollResponse(
  request: Request,
  { follow, after, hasHeardEnd, waitMs = WAIT_MS }: Poll,
): Promise<Response> {
  const events = hasHeardEnd
    ? []
    : await firstEvents(follow, request.signal, waitMs);
  throwRefusal(request.signal);
  if (request.headers.get("accept")?.includes("text/event-stream")) {
    const text = `retry: 0\n\n${events.map(formatEvent).join("")}`;
    return new Response(text, { headers: SSE_HEADERS });
  }
  const last = events.at(-1);
  const known = after === "unknown" ? null : after;
  const place = last?.position ?? known;
  return Response.json({
    events: events.map(({ position, event }) => ({
      id: formatPosition(position),
      event: event.event,
      data: event.data,
    })),
    lastEventId: place === null ? null : formatPosition(place),
    ended: hasHeardEnd || (last !== undefined && isTerminal(last.event)),
  }, { headers: { "cache-control": "no-store" } });
}

/** The first events that come, with all that come in the same moment. */
async function firstEvents(
  follow: Poll["follow"],
  requestSignal: AbortSignal,
  waitMs: number,
): Promise<PlacedEvent[]> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), waitMs);
  const source = follow(AbortSignal.any([requestSignal, enough.signal]));
  const events: PlacedEvent[] = [];
  try {
    for await (const batch of source) {
      events.push(...batch);
      // A reset by itself says nothing new; what it announces is there already.
      const isNews = events.some(({ event }) => event.event !== "reset");
      if (isNews || events.length >= MAX_EVENTS) break;
    }
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
  return events;
}
