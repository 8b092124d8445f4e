/** Which segments are merged, and the merging. */
import type { IndexStore, SegmentEntry } from "./index_store.ts";
import { Segment } from "./segment.ts";
import { mergeSegments } from "./segment_merge.ts";
import { Slices } from "./slices.ts";

/** Segments of about one size that are merged into one. */
const MERGED_AT_ONCE = 8;
/** A segment that is this many times as big as all newer ones together is left alone. */
const BIGGER_TIMES = 3;
/** Smaller ones count as this big, so that tiny ones are merged whatever their sizes. */
const SMALLEST_BYTES = 4 * 1024;

/** How many of the newest segments to merge; 0 for none. */
export function countToMerge(segments: readonly SegmentEntry[]): number {
  let newer = 0;
  let count = 0;
  for (const { bytes } of segments.toReversed()) {
    const size = Math.max(bytes, SMALLEST_BYTES);
    if (count >= MERGED_AT_ONCE && size > BIGGER_TIMES * newer / count) break;
    if (count > 0 && size > BIGGER_TIMES * newer) break;
    newer += size;
    count += 1;
  }
  return count >= MERGED_AT_ONCE ? count : 0;
}

/** Merges what there is to merge; whether that was anything and nobody else was faster. */
export async function compact(
  store: IndexStore,
  space: string,
  signal: AbortSignal,
): Promise<boolean> {
  const index = await store.load(space, signal);
  const count = countToMerge(index.segments);
  if (count === 0) return false;
  const kept = index.segments.slice(0, -count);
  const segments: Segment[] = [];
  for (const entry of index.segments.slice(-count)) {
    const bytes = await store.readSegment(space, entry, signal);
    if (bytes === null) return false;
    segments.push(new Segment(bytes));
  }
  const merged = await mergeSegments(
    segments,
    kept.length === 0,
    new Slices(signal),
  );
  return await store.replace(space, index, kept, merged, signal);
}
