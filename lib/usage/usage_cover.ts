/** From which sums a span of time is put together: the longest that are whole and settled. */
import {
  DAY_MS,
  GRAINS_MS,
  HOUR_MS,
  KEPT_MS,
  MINUTE_MS,
  QUARTER_MS,
} from "./usage_store.ts";

export type CoverGrain = "minute" | "quarter" | "hour" | "day";

/** Rows of one kind, one after the other. */
export interface Segment {
  grain: CoverGrain;
  fromMs: number;
  toMs: number;
}

/** So long before now a sum of each grain may lack something: its parts are read instead. */
const SETTLED_MS = {
  quarter: 2 * QUARTER_MS,
  hour: 2 * HOUR_MS,
  day: DAY_MS + 2 * HOUR_MS,
} as const;

const LONGEST_FIRST = ["day", "hour", "quarter"] as const;

/**
 * The span that can be told of one that is wanted: a little more of it, to full minutes, and where those
 * are not kept to full quarters of an hour, then days.
 */
export function snap(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  nowMs: number,
): { fromMs: number; toMs: number } {
  const up = toMs + stepAt(toMs, nowMs) - 1;
  return {
    fromMs: fromMs - fromMs % stepAt(fromMs, nowMs),
    toMs: up - up % stepAt(toMs, nowMs),
  };
}

/** Whether what is kept of a moment is days alone, as UTC has them. */
export function isDaysOnly(atMs: number, nowMs: number): boolean {
  return nowMs - atMs > KEPT_MS.hour - HOUR_MS;
}

function stepAt(atMs: number, nowMs: number): number {
  if (isDaysOnly(atMs, nowMs)) return DAY_MS;
  return nowMs - atMs > KEPT_MS.minute - HOUR_MS ? QUARTER_MS : MINUTE_MS;
}

/**
 * The segments that make up some buckets, in order; none reaches over the beginning of a bucket.
 * @param starts where the buckets begin, each at a `snap`ped moment
 */
export function cover(
  starts: readonly number[],
  toMs: number,
  nowMs: number,
): Segment[] {
  const segments: Segment[] = [];
  for (const [place, fromMs] of starts.entries()) {
    const endMs = starts[place + 1] ?? toMs;
    for (let atMs = fromMs; atMs < endMs;) {
      const segment = segmentAt(atMs, endMs, nowMs);
      const last = segments.at(-1);
      if (last?.grain === segment.grain && last.toMs === segment.fromMs) {
        last.toMs = segment.toMs;
      } else segments.push(segment);
      atMs = segment.toMs;
    }
  }
  return segments;
}

function segmentAt(atMs: number, endMs: number, nowMs: number): Segment {
  for (const grain of LONGEST_FIRST) {
    const lengthMs = GRAINS_MS[grain];
    const isWhole = atMs % lengthMs === 0 && atMs + lengthMs <= endMs;
    const isSettled = atMs + SETTLED_MS[grain] <= nowMs;
    if (isWhole && isSettled) {
      return { grain, fromMs: atMs, toMs: atMs + lengthMs };
    }
  }
  const nextMs = atMs - atMs % QUARTER_MS + QUARTER_MS;
  return { grain: "minute", fromMs: atMs, toMs: Math.min(nextMs, endMs) };
}
