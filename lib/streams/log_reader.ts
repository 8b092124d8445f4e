/** Reads the log of a run: its segments, and what a dead incarnation left in the shared pages. */
import { logPages, parseRunLogKey, runLogAfter } from "@/lib/kv/keys.ts";
import type { LogPageRecord } from "@/lib/kv/pages.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { LoggedEvent, PlacedEvent } from "./live_run.ts";
import {
  decodeChunk,
  decodeSegment,
  type LogSlice,
  type SegmentRecord,
} from "./log_codec.ts";

/** How a read is bounded. */
interface ReadLogOptions {
  signal?: AbortSignal;
}

/**
 * The events of an epoch after a place (-1: all), as far as they follow one another without a gap.
 * @throws {StorageError} when the store does not answer
 */
export async function readSegments(
  store: Store,
  of: { space: string; run: string; epoch: number },
  afterSeq: number,
  { signal }: ReadLogOptions = {},
): Promise<PlacedEvent[]> {
  const { space, run, epoch } = of;
  const events = new EventRow(epoch, afterSeq);
  const rows = list<SegmentRecord>(
    store,
    runLogAfter(space, run, epoch, afterSeq),
    { signal },
  );
  for await (const { key, value } of rows) {
    // Written by an earlier build: that epoch is told by the text of its answer.
    if (value.v !== 2) break;
    const { lastSeq } = parseRunLogKey(key);
    if (!events.reaches(value.firstSeq)) break;
    if (events.lastSeq < lastSeq) {
      events.add(value.firstSeq, decodeSegment(value));
    }
  }
  return events.placed;
}

/** What an incarnation left in the shared pages, by run: slices in the order of their writing. */
export async function readLogPages(
  store: Store,
  incarnation: string,
  { signal }: ReadLogOptions = {},
): Promise<{ slices: Map<string, LogSlice[]>; keys: Deno.KvKey[] }> {
  const slices = new Map<string, LogSlice[]>();
  const keys: Deno.KvKey[] = [];
  const rows = list<LogPageRecord>(store, logPages(incarnation), { signal });
  for await (const { key, value } of rows) {
    keys.push(key);
    for (const chunk of value.chunks) {
      const slice = decodeChunk(chunk);
      const own = slices.get(slice.run);
      if (own === undefined) slices.set(slice.run, [slice]);
      else own.push(slice);
    }
  }
  return { slices, keys };
}

/** Events of an epoch out of its segments, and what slices of shared pages have beyond them. */
export function joinSlices(
  epoch: number,
  segments: readonly PlacedEvent[],
  slices: readonly LogSlice[],
): PlacedEvent[] {
  const events = new EventRow(epoch, -1);
  events.add(0, segments.map(({ event }) => event));
  for (const slice of slices) {
    if (slice.epoch !== epoch || !events.reaches(slice.firstSeq)) continue;
    events.add(slice.firstSeq, slice.events);
  }
  return events.placed;
}

/** Events that follow one another; pieces that overlap are joined. */
class EventRow {
  readonly placed: PlacedEvent[] = [];
  readonly #epoch: number;
  #lastSeq: number;

  constructor(epoch: number, afterSeq: number) {
    this.#epoch = epoch;
    this.#lastSeq = afterSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether a piece that begins there leaves no gap. */
  reaches(firstSeq: number): boolean {
    return firstSeq <= this.#lastSeq + 1;
  }

  add(firstSeq: number, events: readonly LoggedEvent[]): void {
    for (const event of events.slice(this.#lastSeq + 1 - firstSeq)) {
      this.#lastSeq += 1;
      this.placed.push({
        position: { epoch: this.#epoch, seq: this.#lastSeq },
        event,
      });
    }
  }
}
