/** A piece of a durable stream: messages, and how they stand to its end. */
import type { After } from "@/lib/streams/follow.ts";
import {
  eventJson,
  isTerminal,
  type PlacedEvent,
} from "@/lib/streams/live_run.ts";
import type { Position } from "@/lib/streams/position.ts";
import { formatOffset } from "./offset.ts";

/** Where a run's newest event is, and whether nothing can follow it. */
export interface Tail {
  position: Position | null;
  isClosed: boolean;
}

export interface DurableSource {
  /** Id of the run. */
  id: string;
  follow(
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void>;
  /** Null when another process writes the run: then what comes within a moment is all there is. */
  tail(): Promise<Tail | null>;
}

/** What was read: messages, the place behind them, and how that place stands to the stream's end. */
export interface Piece {
  events: PlacedEvent[];
  next: Position | null;
  isUpToDate: boolean;
  isClosed: boolean;
}

/** The piece that these messages are, read behind a place. */
export function toPiece(
  events: PlacedEvent[],
  after: Position | null,
  tail: Tail | null,
): Piece {
  const next = events.at(-1)?.position ?? after;
  const isUpToDate = tail === null || isAt(next, tail);
  const isEnd = events.length > 0 && isTerminal(events.at(-1)!.event) &&
    // The word of a process that lost its store has the place of the event before it, and ends nothing.
    !samePlace(next, events.at(-2)?.position ?? after);
  return {
    events,
    next,
    isUpToDate: isUpToDate || isEnd,
    isClosed: isEnd || (isUpToDate && tail?.isClosed === true),
  };
}

/** JSON never holds a raw line break, so an array is one line of an event. */
export function toJson(events: readonly PlacedEvent[]): string {
  return `[${events.map(messageJson).join(",")}]`;
}

/** A provider's chunk is JSON already. */
function messageJson(placed: PlacedEvent): string {
  const { event } = placed;
  return event.event === "raw"
    ? `{"event":"chunk","data":${event.data}}`
    : `{"event":"${event.event}","data":${eventJson(placed)}}`;
}

/** The headers of an answer that holds a piece. */
export function pieceHeaders(
  { next, isUpToDate, isClosed }: Piece,
  more: Record<string, string>,
): Headers {
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "stream-next-offset": formatOffset(next),
    ...more,
  });
  if (isUpToDate) headers.set("stream-up-to-date", "true");
  if (isClosed) headers.set("stream-closed", "true");
  return headers;
}

/** Whether a place is the newest there is. */
export function isAt(place: Position | null, tail: Tail): boolean {
  return samePlace(place, tail.position);
}

function samePlace(a: Position | null, b: Position | null): boolean {
  return a?.epoch === b?.epoch && a?.seq === b?.seq;
}
