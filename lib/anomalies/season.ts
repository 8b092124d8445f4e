/** What repeats: times of the day and of the week, or whatever period a series shows by itself. */
import type { Series } from "./series.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-01 was a Thursday; weeks begin on Mondays. */
const MONDAY_MS = 4 * DAY_MS;

/** Names of what may repeat. */
export type SeasonKind =
  | "none"
  | "day"
  | "fine-day"
  | "workweek"
  | "weekday"
  | "week"
  | "period";

/** A cycle, cut into slots that have a usual value each. */
export interface Season {
  readonly kind: SeasonKind;
  readonly slots: number;
  /** Length of the cycle in milliseconds; 0: nothing repeats. */
  readonly cycleMs: number;
  /** A time at which a cycle of kind `period` begins, in milliseconds since 1970 UTC. */
  readonly originMs: number;
}

export const NO_SEASON: Season = {
  kind: "none",
  slots: 1,
  cycleMs: 0,
  originMs: 0,
};

/** A value of fewer cycles may be chance. */
const LEAST_CYCLES = 4;
/** A weekend is expected to be unlike other days before there were two. */
const LEAST_DAYS_OF_WORKWEEK = 8;
const QUARTERS_A_DAY = 96;

/** Number of the slot that a time belongs to. */
export function slotAt(season: Season, atMs: number): number {
  const intoDay = modulo(atMs, DAY_MS);
  const hour = Math.floor(intoDay / HOUR_MS);
  const weekday = Math.floor(modulo(atMs - MONDAY_MS, WEEK_MS) / DAY_MS);
  switch (season.kind) {
    case "none":
      return 0;
    case "day":
      return hour;
    case "fine-day":
      return Math.floor(intoDay * QUARTERS_A_DAY / DAY_MS);
    case "workweek":
      return (weekday < 5 ? 0 : 24) + hour;
    case "weekday":
      return weekday;
    case "week":
      return weekday * 24 + hour;
    case "period": {
      const into = modulo(atMs - season.originMs, season.cycleMs);
      return Math.round(into / season.cycleMs * season.slots) % season.slots;
    }
  }
}

/** What could repeat in a series of this length and density, the plainest first. */
export function seasonsFor({ atMs, stepMs }: Series): Season[] {
  const spanMs = atMs[atMs.length - 1] - atMs[0] + stepMs;
  const possible: (Season & { finestMs: number; coarsestMs: number })[] = [
    named("day", 24, DAY_MS, 0, 6 * HOUR_MS),
    named("fine-day", QUARTERS_A_DAY, DAY_MS, 0, HOUR_MS / 2),
    named("workweek", 48, WEEK_MS, 0, 6 * HOUR_MS),
    named("weekday", 7, WEEK_MS, 6 * HOUR_MS, DAY_MS),
    named("week", 168, WEEK_MS, 0, HOUR_MS),
  ];
  return possible.filter(({ cycleMs, finestMs, coarsestMs, kind }) =>
    stepMs > finestMs && stepMs <= coarsestMs &&
    spanMs >=
      (kind === "workweek"
        ? LEAST_DAYS_OF_WORKWEEK * DAY_MS
        : LEAST_CYCLES * cycleMs)
  ).map(({ kind, slots, cycleMs, originMs }) => ({
    kind,
    slots,
    cycleMs,
    originMs,
  }));
}

function named(
  kind: SeasonKind,
  slots: number,
  cycleMs: number,
  finestMs: number,
  coarsestMs: number,
) {
  return { kind, slots, cycleMs, originMs: 0, finestMs, coarsestMs };
}

/** Longest period that is looked for, in points. */
const LONGEST_PERIOD = 1_000;
/** What the values have to have in common with those a period before, from 0 to 1. */
const LEAST_LIKENESS = 0.3;
/** A clear period is taken before its own multiples, which are as alike. */
const NEARLY_AS_ALIKE = 0.9;
/** Products after which a pause is offered. */
const PAUSE_EVERY_PRODUCTS = 1_000_000;

/**
 * The period that regular values show by themselves, by their likeness to themselves some points before;
 * null when there is none.
 * @param values around 0
 * @param spread how far they typically are from it
 */
export function* ownPeriod(
  { atMs, stepMs, isRegular }: Series,
  values: Float64Array,
  spread: number,
): Generator<void, Season | null> {
  const count = values.length;
  const longest = Math.min(LONGEST_PERIOD, Math.floor(count / LEAST_CYCLES));
  if (!isRegular || longest < 2 || spread === 0) return null;
  // Single large values say nothing about what repeats.
  const bound = 3 * spread;
  const rest = values.map((value) => Math.max(-bound, Math.min(bound, value)));
  const likeness = new Float64Array(longest + 1);
  const own = product(rest, 0);
  for (let lag = 1; lag <= longest; lag += 1) {
    likeness[lag] = product(rest, lag) / own * count / (count - lag);
    if (lag % Math.max(1, Math.floor(PAUSE_EVERY_PRODUCTS / count)) === 0) {
      yield;
    }
  }
  let best = 0;
  const peaks: number[] = [];
  for (let lag = 2; lag < longest; lag += 1) {
    const isPeak = likeness[lag] > likeness[lag - 1] &&
      likeness[lag] >= likeness[lag + 1];
    if (!isPeak || likeness[lag] < LEAST_LIKENESS) continue;
    peaks.push(lag);
    best = Math.max(best, likeness[lag]);
  }
  const period = peaks.find((lag) => likeness[lag] >= NEARLY_AS_ALIKE * best);
  if (period === undefined) return null;
  return {
    kind: "period",
    slots: period,
    cycleMs: period * stepMs,
    originMs: atMs[0],
  };
}

function product(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < values.length; i += 1) {
    sum += values[i] * values[i - lag];
  }
  return sum;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
