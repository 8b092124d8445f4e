/** What is usual in a series, in a form that can be stored and asked later. */
import { scoreOf } from "./detect.ts";
import { fitSeries } from "./fit.ts";
import { type Season, slotAt } from "./season.ts";
import {
  fromScale,
  type Point,
  seriesOf,
  toScale,
  type Transform,
} from "./series.ts";
import type { Spread } from "./spread.ts";

export interface Baseline {
  readonly transform: Transform;
  readonly season: Season;
  readonly slots: readonly number[];
  readonly isMultiplied: boolean;
  /** The level at the end of what it was made of. */
  readonly level: number;
  readonly spread: Spread;
  /** The most that was expected in a row while nothing came, before it came again. */
  readonly longestSilence: number;
}

/** Digits of what is stored. */
const DIGITS = 5;

/** The baseline of points, of which there are at least two, in order and as many as hours. */
export function* fitBaseline(
  points: readonly Point[],
): Generator<void, Baseline> {
  const series = yield* seriesOf(points);
  const fit = yield* fitSeries(series);
  const { transform, season, isMultiplied, level, spread } = fit;
  const expected = fit.expected.map((scaled) => fromScale(transform, scaled));
  return {
    transform,
    season,
    isMultiplied,
    slots: Array.from(fit.slots, (slot) => Number(slot.toPrecision(DIGITS))),
    level: level[level.length - 1],
    spread,
    longestSilence: longestSilence(series.values, expected),
  };
}

/** The silence at the end may be one that is to be told of. */
function longestSilence(values: Float64Array, expected: Float64Array): number {
  let [longest, current] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] > 0) {
      longest = Math.max(longest, current);
      current = 0;
    } else current += expected[i];
  }
  return longest;
}

/** What is expected at a time, and how many standard deviations a value is from it. */
export function judge(
  baseline: Baseline,
  atMs: number,
  value: number,
): { expected: number; score: number } {
  const { transform, season, slots, isMultiplied, level } = baseline;
  const slot = slots[slotAt(season, atMs)];
  const scaled = isMultiplied ? level * slot : level + slot;
  // A level below that of nothing expects nothing.
  const least = transform.isRoot ? toScale(transform, 0) : -Infinity;
  return {
    expected: fromScale(transform, scaled),
    score: scoreOf(baseline, value, Math.max(scaled, least)),
  };
}
