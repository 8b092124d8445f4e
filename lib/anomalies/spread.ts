/**
 * How far values usually are from what is expected, by how much is expected: nights on which nothing
 * happens must not make days look noisy, nor the other way round.
 */
import { medianOf, quantileOf, sortedOf } from "./quantile.ts";
import { fromScale, type Transform } from "./series.ts";

/** The usual distance around one size of what is expected, as a standard deviation on the fitted scale. */
export interface SpreadAt {
  readonly at: number;
  readonly above: number;
  readonly below: number;
}

export interface Spread {
  /** Ascending by `at`; at least one. */
  readonly bins: readonly SpreadAt[];
  /** By how much the tails are longer than those of a normal distribution, 1 or more. */
  readonly tails: { readonly above: number; readonly below: number };
  /** Whether the values are counts, which spread at least as chance lets them. */
  readonly isCount: boolean;
  /** The middle of what is expected, without its sign. */
  readonly usual: number;
}

const MOST_BINS = 8;
const POINTS_A_BIN = 60;
/** A side with fewer points is judged by both. */
const LEAST_OF_A_SIDE = 10;
/** The median distance of a normal distribution of standard deviation 1. */
const NORMAL_MEDIAN = 0.6745;
/** So many episodes on a side may be what is looked for, and this part of all points; more is usual here. */
const RARE_EPISODES = 3;
const RARE_RATIO = 0.02;
/** Neighbours this far out are one episode. */
const FAR_OUT = 3;
/** So much, in points, is uncertain about the spread itself. */
const UNCERTAIN_POINTS = 12;

/**
 * @param expected what was fitted, one for each
 * @param rests values without what was fitted
 * @param options.slack by how much more than these rests further values will vary, 1 or more
 */
export function* spreadOf(
  expected: Float64Array,
  rests: Float64Array,
  { isCount, transform, slack }: {
    isCount: boolean;
    transform: Transform;
    slack: number;
  },
): Generator<void, Spread> {
  const count = rests.length;
  const sorted = sortedOf(expected);
  yield;
  const binCount = Math.max(
    1,
    Math.min(MOST_BINS, Math.floor(count / POINTS_A_BIN)),
  );
  const ends = Array.from(
    { length: binCount - 1 },
    (_, i) => quantileOf(sorted, (i + 1) / binCount),
  );
  const members: number[][] = Array.from({ length: binCount }, () => []);
  for (let i = 0; i < count; i += 1) {
    members[binOf(ends, expected[i])].push(i);
  }
  yield;
  const factor = slack * (1 + UNCERTAIN_POINTS / count);
  const bins: SpreadAt[] = [];
  for (const places of members) {
    if (places.length === 0) continue;
    const own = places.map((place) => rests[place]);
    const above = own.filter((rest) => rest >= 0);
    const below = own.filter((rest) => rest <= 0);
    bins.push({
      at: medianOf(places.map((place) => expected[place])),
      above: factor * deviation(above, own),
      below: factor * deviation(below, own),
    });
    yield;
  }
  const narrow = {
    bins,
    tails: { above: 1, below: 1 },
    isCount,
    usual: Math.abs(quantileOf(sorted, 0.5)),
  };
  const scores = rests.map((rest, i) =>
    rest / deviationAt(narrow, transform, expected[i], rest > 0)
  );
  yield;
  const above = tailOf(scores);
  yield;
  const below = tailOf(scores.map((score) => -score));
  return { ...narrow, tails: { above, below } };
}

/**
 * How much longer one tail is than that of a normal distribution. What lasts counts once: a failure of a
 * day is one thing that is out of the ordinary, a failure every day is not.
 */
function tailOf(scores: Float64Array): number {
  const episodes: number[] = [];
  for (let i = 0; i < scores.length; i += 1) {
    const last = episodes.length - 1;
    if (i > 0 && scores[i] > FAR_OUT && scores[i - 1] > FAR_OUT) {
      episodes[last] = Math.max(episodes[last], scores[i]);
    } else episodes.push(scores[i]);
  }
  const count = scores.length;
  const rare = RARE_EPISODES + Math.floor(RARE_RATIO * count);
  const place = Math.max(0, episodes.length - 1 - rare);
  const usual = normalQuantile(1 - (rare + 0.5) / count);
  // Too few points have no tail to speak of.
  if (usual < NORMAL_MEDIAN) return 1;
  const ratio = place / Math.max(1, episodes.length - 1);
  return Math.max(1, quantileOf(sortedOf(episodes), ratio) / usual);
}

/** The quantile of a normal distribution, for ratios above a half (Abramowitz and Stegun 26.2.23). */
function normalQuantile(ratio: number): number {
  if (ratio <= 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(1 - ratio));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t ** 2) /
      (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3);
}

function binOf(ends: readonly number[], value: number): number {
  let bin = 0;
  while (bin < ends.length && value > ends[bin]) bin += 1;
  return bin;
}

function deviation(side: readonly number[], all: readonly number[]): number {
  const own = side.length < LEAST_OF_A_SIDE ? all : side;
  return medianOf(own.map(Math.abs)) / NORMAL_MEDIAN;
}

/** Chance alone moves the root of a count by half of 1 (Anscombe 1948). */
const COUNT_DEVIATION = 0.5;
/** Up to this count chance is all that has to be thought of. */
const SMALL_COUNT = 9;
/** Of larger counts this part may come and go, however even they were. */
const COUNT_RATIO = 0.02;
/** Of other values this part, on the fitted scale. */
const VALUE_RATIO = 0.002;
/** Keeps a division possible where all is 0. */
const TINY = 1e-12;

/** The standard deviation that goes with an expected value, on the fitted scale. */
export function deviationAt(
  { bins, tails, isCount, usual }: Spread,
  transform: Transform,
  expected: number,
  isAbove: boolean,
): number {
  const side = isAbove ? "above" : "below";
  return tails[side] * Math.max(
    between(bins, expected, side),
    isCount
      ? leastOfCounts(transform.isRoot, fromScale(transform, expected))
      : VALUE_RATIO * (Math.abs(expected) + usual) + TINY,
  );
}

function leastOfCounts(isRoot: boolean, count: number): number {
  const least = Math.max(
    Math.sqrt(Math.min(count, SMALL_COUNT)),
    COUNT_RATIO * count,
  );
  if (!isRoot) return Math.max(1, least);
  if (count <= SMALL_COUNT) return COUNT_DEVIATION;
  return least / (2 * Math.sqrt(count));
}

function between(
  bins: readonly SpreadAt[],
  expected: number,
  side: "above" | "below",
): number {
  const next = bins.findIndex(({ at }) => at >= expected);
  if (next === -1) return bins[bins.length - 1][side];
  if (next === 0) return bins[0][side];
  const [low, high] = [bins[next - 1], bins[next]];
  const part = high.at === low.at
    ? 1
    : (expected - low.at) / (high.at - low.at);
  return low[side] + part * (high[side] - low[side]);
}
