/** Fits what is usual to a series: a slowly moving level with steps, and what repeats on top of it. */
import { medianOf, quantileOf, slidingMedian, sortedOf } from "./quantile.ts";
import {
  NO_SEASON,
  ownPeriod,
  type Season,
  seasonsFor,
  slotAt,
} from "./season.ts";
import { type Series, toScale, type Transform, transformOf } from "./series.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { stepsOf } from "./steps.ts";
import { chooseTransform, trendOf } from "./trend.ts";

/** What is usual, on the scale of `transform`. */
export interface Fit {
  readonly transform: Transform;
  readonly season: Season;
  /** What a slot adds to the level, or what it is multiplied by. */
  readonly slots: Float64Array;
  /** The slot of each point. */
  readonly slotOf: Uint16Array;
  readonly isMultiplied: boolean;
  /** The level at each point. */
  readonly level: Float64Array;
  /** What is expected at each point. */
  readonly expected: Float64Array;
  /** The places of points at which the level steps. */
  readonly steps: readonly number[];
  readonly spread: Spread;
}

/** A season and what it leaves unexplained. */
interface Seasoned {
  season: Season;
  slotOf: Uint16Array;
  /** How far values typically are from it, further values counted in. */
  unexplained: number;
}

/** What levels are fitted to. */
interface Task {
  scaled: Float64Array;
  seasoned: Seasoned;
  isMultiplied: boolean;
  /** From where the level is looked for, at each point. */
  base: Float64Array;
  steps: readonly number[];
  window: number;
}

interface Levelled {
  slots: Float64Array;
  slotOf: Uint16Array;
  isMultiplied: boolean;
  level: Float64Array;
  expected: Float64Array;
  unexplained: number;
  steps: readonly number[];
}

/** The level of a point is made of so many points at least, and of so many cycles. */
const LEAST_WINDOW = 60;
const WINDOW_CYCLES = 2;
/** Slots that are worth less than this part of the largest say nothing about the level. */
const WEAK_SLOT = 0.25;
/** A season has to explain so much more than a plainer one. */
const WORTH_IT = 0.95;
/** The largest rests are left out where fits are compared: they may be what is looked for. */
const COMPARED_RATIO = 0.95;
const ROUNDS = 2;

/** Each pause is a place at which others may work. The series has at least two points. */
export function* fitSeries(series: Series): Generator<void, Fit> {
  const { values, isCount } = series;
  const transform = chooseTransform(series, transformOf(series));
  const scaled = values.map((value) => toScale(transform, value));
  const base = trendOf(series, scaled);
  yield;
  const seasoned = yield* chooseSeason(series, scaled, base);
  const window = windowOf(series, seasoned.season);
  const task = { scaled, seasoned, base, steps: [], window };
  const added = yield* fitLevel({ ...task, isMultiplied: false });
  const canMultiply = transform.isRoot && seasoned.season.kind !== "none" &&
    base.every((level) => level > 0);
  const multiplied = canMultiply
    ? yield* fitLevel({ ...task, isMultiplied: true })
    : null;
  const plain = multiplied !== null &&
      multiplied.unexplained < added.unexplained
    ? multiplied
    : added;
  const steps = yield* findSteps({ ...task, ...plain });
  const best = steps.length === 0 ? plain : yield* fitLevel({
    ...task,
    isMultiplied: plain.isMultiplied,
    steps,
    base: levelBetween(plain.level, steps),
  });
  const spread = yield* spreadOf(
    best.expected,
    scaled.map((value, i) => value - best.expected[i]),
    { isCount, transform, slack: slackOf(scaled.length, seasoned.season) },
  );
  return { transform, season: seasoned.season, ...best, spread };
}

function* chooseSeason(
  series: Series,
  scaled: Float64Array,
  base: Float64Array,
): Generator<void, Seasoned> {
  const rests = scaled.map((value, i) => value - base[i]);
  let best = yield* seasonOf(series, rests, NO_SEASON);
  const spread = quantileOf(sortedOf(rests.map(Math.abs)), 0.5);
  yield;
  const own = yield* ownPeriod(series, rests, spread);
  for (const season of [...seasonsFor(series), own]) {
    if (season === null) continue;
    const candidate = yield* seasonOf(series, rests, season);
    if (candidate.unexplained < WORTH_IT * best.unexplained) best = candidate;
    yield;
  }
  return best;
}

function* seasonOf(
  { atMs }: Series,
  rests: Float64Array,
  season: Season,
): Generator<void, Seasoned> {
  const slotOf = Uint16Array.from(atMs, (at) => slotAt(season, at));
  yield;
  const slots = slotMedians(rests, slotOf, season.slots, 0);
  yield;
  const left = rests.map((rest, i) => rest - slots[slotOf[i]]);
  return {
    season,
    slotOf,
    unexplained: typicalRest(left) * slackOf(rests.length, season),
  };
}

/** The median of each slot; a slot without points has what is told. */
function slotMedians(
  values: Float64Array,
  slotOf: Uint16Array,
  slots: number,
  otherwise: number,
): Float64Array {
  const members: number[][] = Array.from({ length: slots }, () => []);
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isNaN(values[i])) members[slotOf[i]].push(values[i]);
  }
  return Float64Array.from(
    members,
    (own) => own.length === 0 ? otherwise : medianOf(own),
  );
}

function typicalRest(rests: Float64Array): number {
  const sorted = sortedOf(rests.map(Math.abs));
  const compared = Math.max(1, Math.floor(COMPARED_RATIO * sorted.length));
  let sum = 0;
  for (let i = 0; i < compared; i += 1) sum += sorted[i];
  return sum / compared;
}

/** Points of a slot from which on its median is even. */
const EVEN_POINTS = 4;
const UNEVEN_SLACK = 2.6;
const SLACK = 2.4;

/**
 * How much further than the values it was made of others will be from a median of few: that one fits the
 * former too well and the latter too badly. Measured with normal values.
 */
function slackOf(points: number, { slots }: Season): number {
  const each = points / slots;
  if (slots === 1) return 1;
  return each < EVEN_POINTS ? UNEVEN_SLACK : 1 + SLACK / each;
}

function* fitLevel(task: Task): Generator<void, Levelled> {
  const { scaled, base, isMultiplied, steps, seasoned } = task;
  const { season, slotOf } = seasoned;
  let level = base;
  let slots: Float64Array = new Float64Array(season.slots);
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = scaled.map((value, i) =>
      isMultiplied ? (level[i] > 0 ? value / level[i] : NaN) : value - level[i]
    );
    slots = slotMedians(own, slotOf, season.slots, isMultiplied ? 1 : 0);
    yield;
    level = yield* levelOf(task, slots);
  }
  const expected = level.map((value, i) =>
    isMultiplied ? value * slots[slotOf[i]] : value + slots[slotOf[i]]
  );
  const unexplained = typicalRest(
    scaled.map((value, i) => value - expected[i]),
  );
  yield;
  return { slots, slotOf, isMultiplied, level, expected, unexplained, steps };
}

function windowOf({ stepMs }: Series, { cycleMs }: Season): number {
  const cycle = stepMs === 0 ? 0 : WINDOW_CYCLES * cycleMs / stepMs;
  return Math.ceil(Math.max(LEAST_WINDOW, cycle));
}

/** The base, moved at each point to the middle of what is left around it without what repeats. */
function* levelOf(
  task: Task,
  slots: Float64Array,
): Generator<void, Float64Array> {
  const { base, isMultiplied, steps, window } = task;
  const { values, ranks } = withoutSeason(task, slots);
  if (values.length === 0) return base;
  const share = values.length / base.length;
  const medians = new Float64Array(values.length);
  const ends = [...steps, base.length];
  for (let part = 0; part < ends.length; part += 1) {
    const from = part === 0 ? 0 : ranks[ends[part - 1]];
    const to = part === steps.length ? values.length : ranks[ends[part]];
    const own = values.subarray(from, to);
    const width = Math.max(LEAST_WINDOW / 2, Math.round(window * share));
    // A level of its own for each point takes more points than that.
    if (width >= own.length) medians.fill(medianOf(own), from, to);
    else medians.set(yield* slidingMedian(own, width), from);
    yield;
  }
  return base.map((level, i) =>
    isMultiplied ? level * medians[ranks[i]] : level + medians[ranks[i]]
  );
}

/** Values without base and season, but for those that say nothing; and where to look for each point. */
function withoutSeason(
  { scaled, base, isMultiplied, seasoned: { slotOf } }: Task,
  slots: Float64Array,
): { values: Float64Array; ranks: Uint32Array } {
  const least = isMultiplied ? WEAK_SLOT * Math.max(...slots) : -Infinity;
  const values = new Float64Array(scaled.length);
  const ranks = new Uint32Array(scaled.length);
  let kept = 0;
  for (let i = 0; i < scaled.length; i += 1) {
    const slot = slots[slotOf[i]];
    if (isMultiplied && !(slot >= least && slot > 0)) {
      ranks[i] = Math.max(0, kept - 1);
      continue;
    }
    ranks[i] = kept;
    values[kept] = isMultiplied
      ? base[i] > 0 ? scaled[i] / (slot * base[i]) : 1
      : scaled[i] - slot - base[i];
    kept += 1;
  }
  return { values: values.subarray(0, kept), ranks };
}

/** The places of points at which the level steps. */
function* findSteps(
  task: Task & { slots: Float64Array },
): Generator<void, number[]> {
  const { scaled, window } = task;
  // What the base explains of a step would hide it.
  const level = medianOf(task.base);
  const flat = { ...task, base: new Float64Array(scaled.length).fill(level) };
  const { values, ranks } = withoutSeason(flat, task.slots);
  const share = values.length / scaled.length;
  const found = yield* stepsOf(
    values,
    Math.max(LEAST_WINDOW / 4, Math.round(window * share / 2)),
  );
  return found.map((rank) => ranks.indexOf(rank));
}

/** The median of a level between steps. */
function levelBetween(
  level: Float64Array,
  steps: readonly number[],
): Float64Array {
  const flat = new Float64Array(level.length);
  const ends = [0, ...steps, level.length];
  for (let part = 1; part < ends.length; part += 1) {
    const [from, to] = [ends[part - 1], ends[part]];
    flat.fill(medianOf(level.subarray(from, to)), from, to);
  }
  return flat;
}
