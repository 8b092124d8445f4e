/** From which sums a span of time is put together: the longest that are whole and settled. */
import type { UsageGrain } from "@/lib/kv/keys.ts";
import {
  DAY_MS,
  GRAINS_MS,
  HOUR_MS,
  KEPT_MS,
  MINUTE_MS,
  QUARTER_MS,
} from "./usage_grains.ts";

/** For which bucket a sum counts, by its place, and how: added, or taken away. */
export interface Target {
  bucket: number;
  sign: 1 | -1;
}

/** Minutes of one bucket. */
export interface MinuteSpan {
  fromMs: number;
  toMs: number;
  bucket: number;
}

/** All that some buckets are put together from. */
export interface Cover {
  /** What each sum counts for, by its beginning. */
  sums: Readonly<Record<UsageGrain, ReadonlyMap<number, readonly Target[]>>>;
  minutes: readonly MinuteSpan[];
}

/** So long after its beginning a sum of each grain is whole; before, its parts are read instead. */
const SETTLED_MS: Readonly<Record<UsageGrain, number>> = {
  quarter: 2 * QUARTER_MS,
  hour: 2 * HOUR_MS,
  day: DAY_MS + 2 * HOUR_MS,
};

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

function dayOf(atMs: number): number {
  return atMs - atMs % DAY_MS;
}

function isSettled(grain: UsageGrain, startMs: number, nowMs: number): boolean {
  return startMs + SETTLED_MS[grain] <= nowMs;
}

/**
 * What makes up some buckets that follow each other. A day of a time zone takes days of UTC, too: the
 * hours by which they differ are added to the one and taken from the other, so that a month costs some
 * dozen hours and not seven hundred.
 * @param starts where the buckets begin, each at a `snap`ped moment
 */
export function cover(
  starts: readonly number[],
  toMs: number,
  nowMs: number,
): Cover {
  const edges = [...starts, toMs];
  const builder = new CoverBuilder(starts.length, nowMs);
  const isShared = edges.map((_, place) => isSharedDay(edges, place, nowMs));
  for (const [place, edgeMs] of edges.entries()) {
    if (isShared[place]) builder.sharedDay(edgeMs, place);
  }
  for (const bucket of starts.keys()) {
    const fromMs = edges[bucket];
    const endMs = edges[bucket + 1];
    const firstMs = isShared[bucket] ? dayOf(fromMs) + DAY_MS : fromMs;
    const lastMs = isShared[bucket + 1] ? dayOf(endMs) : endMs;
    builder.plain(firstMs, lastMs, [{ bucket, sign: 1 }]);
  }
  return builder;
}

/** Whether the day of UTC that an edge is in belongs to the buckets on its two sides alone. */
function isSharedDay(
  edges: readonly number[],
  place: number,
  nowMs: number,
): boolean {
  const edgeMs = edges[place];
  const dayMs = dayOf(edgeMs);
  const before = edges[place - 1] ?? -Infinity;
  const after = edges[place + 1] ?? Infinity;
  return edgeMs !== dayMs && edgeMs % QUARTER_MS === 0 &&
    isSettled("day", dayMs, nowMs) && before <= dayMs &&
    after >= dayMs + DAY_MS;
}

class CoverBuilder implements Cover {
  readonly sums = {
    quarter: new Map<number, Target[]>(),
    hour: new Map<number, Target[]>(),
    day: new Map<number, Target[]>(),
  };
  readonly minutes: MinuteSpan[] = [];
  readonly #buckets: number;
  readonly #nowMs: number;

  constructor(buckets: number, nowMs: number) {
    this.#buckets = buckets;
    this.#nowMs = nowMs;
  }

  /** The day of UTC that the edge before a bucket is in, by its shorter side. */
  sharedDay(edgeMs: number, place: number): void {
    const dayMs = dayOf(edgeMs);
    const isEarly = edgeMs - dayMs <= DAY_MS / 2;
    const [most, least] = isEarly ? [place, place - 1] : [place - 1, place];
    this.#add("day", dayMs, [{ bucket: most, sign: 1 }]);
    const [fromMs, toMs] = isEarly ? [dayMs, edgeMs] : [edgeMs, dayMs + DAY_MS];
    this.plain(fromMs, toMs, [
      { bucket: least, sign: 1 },
      { bucket: most, sign: -1 },
    ]);
  }

  plain(fromMs: number, toMs: number, targets: readonly Target[]): void {
    for (let atMs = fromMs; atMs < toMs;) {
      const grain = LONGEST_FIRST.find((each) =>
        atMs % GRAINS_MS[each] === 0 && atMs + GRAINS_MS[each] <= toMs &&
        isSettled(each, atMs, this.#nowMs)
      );
      if (grain !== undefined) {
        this.#add(grain, atMs, targets);
        atMs += GRAINS_MS[grain];
        continue;
      }
      const quarterMs = atMs - atMs % QUARTER_MS + QUARTER_MS;
      const endMs = Math.min(quarterMs, toMs);
      for (const { bucket } of targets) this.#addMinutes(atMs, endMs, bucket);
      atMs = endMs;
    }
  }

  #add(grain: UsageGrain, atMs: number, targets: readonly Target[]): void {
    // What is before the first bucket and after the last one is not asked for.
    const own = targets.filter(({ bucket }) =>
      bucket >= 0 && bucket < this.#buckets
    );
    if (own.length === 0) return;
    this.sums[grain].set(atMs, [...this.sums[grain].get(atMs) ?? [], ...own]);
  }

  #addMinutes(fromMs: number, toMs: number, bucket: number): void {
    const last = this.minutes.at(-1);
    if (last?.bucket === bucket && last.toMs === fromMs) last.toMs = toMs;
    else this.minutes.push({ fromMs, toMs, bucket });
  }
}
