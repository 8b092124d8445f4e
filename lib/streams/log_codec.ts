/**
 * Events of runs as bytes: UTF-8 of JSON, whose size is known before the store sees it. A chunk of the
 * shared log says whose events it holds; a segment of a run's own log need not, its key does.
 */
import { Buffer } from "node:buffer";
import { eventJson, type LoggedEvent, type PlacedEvent } from "./live_run.ts";
import type { Position } from "./position.ts";

/** Which events a run has after a place, in one epoch. */
export interface LogSlice {
  space: string;
  run: string;
  epoch: number;
  firstSeq: number;
  events: LoggedEvent[];
}

/** Largest encoded group of events, in bytes; a page of the log takes 32 KiB at a time. */
const MAX_GROUP_BYTES = 30 * 1024;

/** Largest single event, as JSON in UTF-8, in bytes. */
export const MAX_EVENT_BYTES = 28 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An event as it goes into the log. */
export interface EncodedEvent {
  position: Position;
  /** Its name and data as a pair, in JSON. */
  pair: string;
  /** What it takes in a group. */
  bytes: number;
}

export function encodeEvent(placed: PlacedEvent): EncodedEvent {
  const { position, event } = placed;
  // The text of a provider's event is kept once, as it is; nobody but the log wants it quoted.
  const json = typeof event.data === "string"
    ? JSON.stringify(event.data)
    : eventJson(placed);
  const pair = `["${event.event}",${json}]`;
  return { position, pair, bytes: Buffer.byteLength(pair) + 1 };
}

/** Consecutive events in groups that each fit a page or a value. */
function* groups(
  events: readonly EncodedEvent[],
): Generator<{ first: Position; last: Position; json: string }> {
  let pairs: string[] = [];
  let bytes = 0;
  let first = 0;
  const group = (end: number) => ({
    first: events[first].position,
    last: events[end].position,
    json: `[${pairs.join(",")}]`,
  });
  for (const [index, event] of events.entries()) {
    if (pairs.length > 0 && bytes + event.bytes > MAX_GROUP_BYTES) {
      yield group(index - 1);
      pairs = [];
      bytes = 0;
      first = index;
    }
    pairs.push(event.pair);
    bytes += event.bytes;
  }
  if (pairs.length > 0) yield group(events.length - 1);
}

/** Chunks of the shared log that hold consecutive events of one run and epoch. */
export function encodeChunks(
  space: string,
  run: string,
  events: readonly EncodedEvent[],
): Uint8Array[] {
  const owner = `${JSON.stringify(space)},${JSON.stringify(run)}`;
  return Array.from(
    groups(events),
    ({ first, json }) =>
      encoder.encode(`[${owner},${first.epoch},${first.seq},${json}]`),
  );
}

/** What a chunk holds. @throws {SyntaxError} when it was not written by `encodeChunks` */
export function decodeChunk(chunk: Uint8Array): LogSlice {
  const [space, run, epoch, firstSeq, pairs] = JSON.parse(
    decoder.decode(chunk),
  ) as [string, string, number, number, Pair[]];
  return { space, run, epoch, firstSeq, events: pairs.map(toEvent) };
}

/** A segment of a run's own log as stored; its key holds run, epoch and last sequence number. */
export interface SegmentRecord {
  v: 2;
  firstSeq: number;
  data: Uint8Array;
}

/** Segments that hold consecutive events of one run and epoch, with the place of each one's last. */
export function encodeSegments(
  events: readonly EncodedEvent[],
): { epoch: number; lastSeq: number; value: SegmentRecord }[] {
  return Array.from(groups(events), ({ first, last, json }) => ({
    epoch: last.epoch,
    lastSeq: last.seq,
    value: { v: 2, firstSeq: first.seq, data: encoder.encode(json) },
  }));
}

/** The events of a segment. */
export function decodeSegment(segment: SegmentRecord): LoggedEvent[] {
  const pairs: Pair[] = JSON.parse(decoder.decode(segment.data));
  return pairs.map(toEvent);
}

type Pair = [LoggedEvent["event"], LoggedEvent["data"]];

function toEvent([event, data]: Pair): LoggedEvent {
  // Name and data were stored together, so they belong together.
  return { event, data } as LoggedEvent;
}
