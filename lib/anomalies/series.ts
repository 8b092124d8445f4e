/** A series of values over time, made ready for fitting. */
import { medianOf } from "./quantile.ts";

/** A value at a time. */
export interface Point {
  /** Milliseconds since 1970 UTC. */
  atMs: number;
  value: number;
}

/** Points by time, and what kind of values they are. */
export interface Series {
  /** Milliseconds since 1970 UTC, ascending; several points may have the same. */
  readonly atMs: Float64Array;
  readonly values: Float64Array;
  /** The place of each in the points that were given. */
  readonly places: Uint32Array;
  /** Whether all values are whole numbers of 0 and more: something was counted. */
  readonly isCount: boolean;
  /** Whether no value is below 0. */
  readonly isPositive: boolean;
  /** The usual time from one point to the next, in milliseconds; 0 when all are at one time. */
  readonly stepMs: number;
  /** Whether nearly all points are a step after the one before. */
  readonly isRegular: boolean;
}

/** Part of the gaps that have to be a step long for points to be regular. */
const REGULAR_RATIO = 0.9;

/** Puts points in order; of what is the same time the order is kept. Each pause is a place for others. */
export function* seriesOf(
  points: readonly Point[],
): Generator<void, Series> {
  const places = yield* placesByTime(points);
  const count = points.length;
  const atMs = new Float64Array(count);
  const values = new Float64Array(count);
  const gaps = new Float64Array(Math.max(0, count - 1));
  let gapCount = 0;
  let [isPositive, isWhole] = [true, true];
  for (let i = 0; i < count; i += 1) {
    const { atMs: at, value } = points[places[i]];
    atMs[i] = at;
    values[i] = value;
    isPositive &&= value >= 0;
    isWhole &&= Number.isInteger(value);
    if (i > 0 && at > atMs[i - 1]) {
      gaps[gapCount] = at - atMs[i - 1];
      gapCount += 1;
    }
  }
  yield;
  const own = gaps.subarray(0, gapCount);
  const stepMs = gapCount === 0 ? 0 : medianOf(own);
  let stepLong = 0;
  for (const gap of own) {
    if (Math.abs(gap - stepMs) < stepMs / 100) stepLong += 1;
  }
  yield;
  return {
    atMs,
    values,
    places,
    isPositive,
    isCount: isPositive && isWhole,
    stepMs,
    isRegular: stepLong >= REGULAR_RATIO * (count - 1),
  };
}

/** Points that are put in order at a time. */
const SORTED_AT_A_TIME = 4_096;

/** The places of points by their time: runs that are sorted, and then merged. */
function* placesByTime(
  points: readonly Point[],
): Generator<void, Uint32Array> {
  const count = points.length;
  let from = Uint32Array.from(points, (_, place) => place);
  if (points.every(({ atMs }, i) => i === 0 || points[i - 1].atMs <= atMs)) {
    return from;
  }
  const before = (left: number, right: number) =>
    points[left].atMs - points[right].atMs || left - right;
  for (let at = 0; at < count; at += SORTED_AT_A_TIME) {
    from.subarray(at, at + SORTED_AT_A_TIME).sort(before);
    yield;
  }
  let to = new Uint32Array(count);
  for (let run = SORTED_AT_A_TIME; run < count; run *= 2) {
    for (let at = 0; at < count; at += 2 * run) {
      const [middle, end] = [at + run, at + 2 * run].map((place) =>
        Math.min(place, count)
      );
      let [left, right] = [at, middle];
      for (let i = at; i < end; i += 1) {
        const isLeft = right >= end ||
          left < middle && before(from[left], from[right]) < 0;
        to[i] = isLeft ? from[left++] : from[right++];
        if (i % SORTED_AT_A_TIME === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Added to counts before their root is taken, which evens out their spread (Anscombe 1948). */
const COUNT_OFFSET = 3 / 8;

/**
 * The scale on which a series is fitted: the root where nothing is below 0, on which counts spread the
 * same at all sizes and a long tail is short; else the values themselves.
 */
export interface Transform {
  readonly isRoot: boolean;
  readonly offset: number;
}

export function transformOf(
  { isCount, isPositive }: Pick<Series, "isCount" | "isPositive">,
): Transform {
  return { isRoot: isPositive, offset: isCount ? COUNT_OFFSET : 0 };
}

export function toScale({ isRoot, offset }: Transform, value: number): number {
  return isRoot ? Math.sqrt(Math.max(0, value) + offset) : value;
}

export function fromScale(
  { isRoot, offset }: Transform,
  scaled: number,
): number {
  return isRoot ? Math.max(0, Math.max(0, scaled) ** 2 - offset) : scaled;
}
