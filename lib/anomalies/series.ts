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

/** Puts points in order; of what is the same time the order is kept. */
export function seriesOf(points: readonly Point[]): Series {
  const places = new Uint32Array(points.length);
  for (let i = 0; i < points.length; i += 1) places[i] = i;
  const isSorted = points.every(({ atMs }, i) =>
    i === 0 || points[i - 1].atMs <= atMs
  );
  if (!isSorted) {
    places.sort((left, right) =>
      points[left].atMs - points[right].atMs || left - right
    );
  }
  const atMs = Float64Array.from(places, (place) => points[place].atMs);
  const values = Float64Array.from(places, (place) => points[place].value);
  const gaps = atMs.slice(1).map((at, i) => at - atMs[i])
    .filter((gap) => gap > 0);
  const stepMs = gaps.length === 0 ? 0 : medianOf(gaps);
  const isPositive = values.every((value) => value >= 0);
  const stepLong = gaps.filter((gap) => Math.abs(gap - stepMs) < stepMs / 100);
  return {
    atMs,
    values,
    places,
    isPositive,
    isCount: isPositive && values.every(Number.isInteger),
    stepMs,
    isRegular: stepLong.length >= REGULAR_RATIO * (points.length - 1),
  };
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
