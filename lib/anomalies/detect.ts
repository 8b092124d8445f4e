/**
 * Finds values that are not as usual: robust z-scores against a moving level and what repeats, and steps
 * of the level itself. Outliers do not move what is usual, since all of it is made of medians.
 */
import { type Fit, fitSeries } from "./fit.ts";
import { fromScale, type Point, type Series, seriesOf } from "./series.ts";
import { deviationAt } from "./spread.ts";
import { shiftReason, valueReason } from "./words.ts";

/** A value that is not as usual. */
export interface Anomaly {
  /** Its place in the points that were given. */
  place: number;
  value: number;
  expected: number;
  /** How many standard deviations it is from what was expected, without a sign; 1,000 at most. */
  score: number;
  /** In words. */
  reason: string;
}

/** Fewer points say nothing about what is usual. */
export const LEAST_POINTS = 8;
/** Values are told from so many standard deviations on. */
export const SCORE_FROM = 5;
/** Counts are told from this difference on, whatever their spread. */
export const LEAST_COUNT_DIFFERENCE = 5;
const HIGHEST_SCORE = 1_000;

/** Steps of the level are told from so many standard deviations of a value on. */
const SHIFT_FROM = 3;

/** All anomalies of a series, by time. Each pause is a place at which others may work. */
export function* detect(
  points: readonly Point[],
): Generator<void, Anomaly[]> {
  if (points.length < LEAST_POINTS) return [];
  const series = yield* seriesOf(points);
  yield;
  const fit = yield* fitSeries(series);
  const shifts = shiftsOf(series, fit);
  yield;
  const found: Anomaly[] = [];
  for (let i = 0; i < points.length; i += 1) {
    const anomaly = shifts.get(i) ?? judge(series, fit, i);
    if (anomaly !== null) found.push(anomaly);
  }
  return found;
}

function judge(
  { values, places, isCount, atMs }: Series,
  fit: Fit,
  i: number,
): Anomaly | null {
  const value = values[i];
  const expected = fromScale(fit.transform, fit.expected[i]);
  if (isCount && Math.abs(value - expected) < LEAST_COUNT_DIFFERENCE) {
    return null;
  }
  const score = scoreOf(fit, value, fit.expected[i]);
  if (score < SCORE_FROM) return null;
  return {
    place: places[i],
    value,
    expected: shown(expected, isCount),
    score: toScore(score),
    reason: valueReason(value, shown(expected, isCount), fit.season, atMs[i]),
  };
}

/** How many standard deviations a value is from what is expected on the fitted scale, without a sign. */
export function scoreOf(
  { transform, spread }: Pick<Fit, "transform" | "spread">,
  value: number,
  expected: number,
): number {
  const scaled = transform.isRoot
    ? Math.sqrt(Math.max(0, value) + transform.offset)
    : value;
  const rest = scaled - expected;
  return Math.abs(rest) / deviationAt(spread, transform, expected, rest > 0);
}

/** Steps of the level, by the place of the first value that shows them. */
function shiftsOf(series: Series, fit: Fit): Map<number, Anomaly> {
  const { values, places, isCount } = series;
  const { level, spread, transform, steps } = fit;
  const shifts = new Map<number, Anomaly>();
  for (const [k, step] of steps.entries()) {
    const before = level[step - 1];
    const at = firstSeen(fit, step, steps[k + 1] ?? values.length, before);
    if (at === null) continue;
    const [from, to] = [before, level[at]].map((each) =>
      shown(meanAt(fit, each), isCount)
    );
    const old = withSlot(fit, before, at);
    const rest = fit.expected[at] - old;
    shifts.set(at, {
      place: places[at],
      value: values[at],
      expected: shown(fromScale(transform, old), isCount),
      score: toScore(
        Math.abs(rest) / deviationAt(spread, transform, old, rest > 0),
      ),
      reason: shiftReason(from, to),
    });
  }
  return shifts;
}

/** What is expected at a point, were the level another one. */
function withSlot(
  { isMultiplied, slots, slotOf }: Fit,
  level: number,
  i: number,
): number {
  const slot = slots[slotOf[i]];
  return isMultiplied ? level * slot : level + slot;
}

/** The mean over all slots that goes with a level. */
function meanAt({ transform, isMultiplied, slots }: Fit, level: number) {
  let sum = 0;
  for (const slot of slots) {
    sum += fromScale(transform, isMultiplied ? level * slot : level + slot);
  }
  return sum / slots.length;
}

/** The first point at which the level of before would have been wrong: at night it may be right. */
function firstSeen(
  fit: Fit,
  from: number,
  to: number,
  before: number,
): number | null {
  const { expected, spread, transform } = fit;
  for (let i = from; i < to; i += 1) {
    const old = withSlot(fit, before, i);
    const rest = expected[i] - old;
    const deviation = deviationAt(spread, transform, old, rest > 0);
    if (Math.abs(rest) >= SHIFT_FROM * deviation) return i;
  }
  return null;
}

function toScore(score: number): number {
  return Math.min(HIGHEST_SCORE, Math.round(score * 10) / 10);
}

/** Four digits say more than is known of it; of what is counted, two behind the point. */
export function shown(expected: number, isCount: boolean): number {
  const short = Number(expected.toPrecision(4));
  return isCount ? Math.round(short * 100) / 100 : short;
}
