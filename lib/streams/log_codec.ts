/**
 * Events of runs as bytes: UTF-8 of JSON, whose size is known before the store sees it. A chunk of the
 * shared log says whose events it holds; a segment of a run's own log need not, its key does.
 */
import { Buffer } from "node:buffer";
import { eventJson, type LoggedEvent, type PlacedEvent } from "./live_run.ts";

/** Which events a run has after a place, in one epoch. */
export interface LogSlice {
  workspace: string;
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

function pairJson(placed: PlacedEvent): string {
  return `["${placed.event.event}",${eventJson(placed)}]`;
}

/** Bytes that an event takes in a group; counted once. */
export function eventBytes(placed: PlacedEvent): number {
  return placed.bytes ??= Buffer.byteLength(pairJson(placed)) + 1;
}

/** Consecutive events, encoded in groups that each fit a page or a value. */
function* groups(
  events: readonly PlacedEvent[],
): Generator<{ first: PlacedEvent; last: PlacedEvent; json: string }> {
  let pairs: string[] = [];
  let bytes = 0;
  let first = 0;
  for (const [index, placed] of events.entries()) {
    const size = eventBytes(placed);
    if (pairs.length > 0 && bytes + size > MAX_GROUP_BYTES) {
      yield {
        first: events[first],
        last: events[index - 1],
        json: `[${pairs.join(",")}]`,
      };
      pairs = [];
      bytes = 0;
      first = index;
    }
    pairs.push(pairJson(placed));
    bytes += size;
  }
  if (pairs.length > 0) {
    yield {
      first: events[first],
      last: events[events.length - 1],
      json: `[${pairs.join(",")}]`,
    };
  }
}

/** Chunks of the shared log that hold consecutive events of one run and epoch. */
export function encodeChunks(
  workspace: string,
  run: string,
  events: readonly PlacedEvent[],
): Uint8Array[] {
  const owner = `${JSON.stringify(workspace)},${JSON.stringify(run)}`;
  return Array.from(
    groups(events),
    ({ first: { position }, json }) =>
      encoder.encode(`[${owner},${position.epoch},${position.seq},${json}]`),
  );
}

/** What a chunk holds. @throws {SyntaxError} when it was not written by `encodeChunks` */
export function decodeChunk(chunk: Uint8Array): LogSlice {
  const [workspace, run, epoch, firstSeq, pairs] = JSON.parse(
    decoder.decode(chunk),
  ) as [string, string, number, number, Pair[]];
  return { workspace, run, epoch, firstSeq, events: pairs.map(toEvent) };
}

/** A segment of a run's own log as stored; its key holds run, epoch and last sequence number. */
export interface SegmentRecord {
  v: 2;
  firstSeq: number;
  data: Uint8Array;
}

/** Segments that hold consecutive events of one run and epoch, with the place of each one's last. */
export function encodeSegments(
  events: readonly PlacedEvent[],
): { epoch: number; lastSeq: number; value: SegmentRecord }[] {
  return Array.from(groups(events), ({ first, last, json }) => ({
    epoch: last.position.epoch,
    lastSeq: last.position.seq,
    value: {
      v: 2,
      firstSeq: first.position.seq,
      data: encoder.encode(json),
    },
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
