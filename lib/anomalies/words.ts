/** Why a value stands out, in words. */
import type { Season } from "./season.ts";

const WEEKDAYS = [
  "Sundays",
  "Mondays",
  "Tuesdays",
  "Wednesdays",
  "Thursdays",
  "Fridays",
  "Saturdays",
];

/** Larger and smaller numbers are written with a power of ten. */
const LARGE = 1e12;
const SMALL = 1e-6;

/** A number as people read it: three digits that matter, and thousands set apart. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= LARGE || size < SMALL)) {
    return value.toExponential(2);
  }
  return value.toLocaleString("en", {
    maximumSignificantDigits: size >= 1_000 ? 4 : 3,
  });
}

/** Beyond that it does not matter how many times. */
const MANY_TIMES = 1_000;

/** How far a value is from what was expected: “3.2 times as much”, “nothing at all”. */
export function comparison(value: number, expected: number): string {
  if (value === 0 && expected > 0) return "nothing at all";
  if (expected <= 0 || value < 0) {
    const difference = figure(Math.abs(value - expected));
    return value > expected ? `${difference} more` : `${difference} less`;
  }
  const ratio = value / expected;
  if (ratio > MANY_TIMES) {
    return `more than ${figure(MANY_TIMES)} times as much`;
  }
  if (ratio >= 2) return `${figure(ratio)} times as much`;
  const percent = figure(Math.round(Math.abs(ratio - 1) * 1_000) / 10);
  return ratio > 1 ? `${percent} % more` : `${percent} % less`;
}

/** When else it is so: “on Tuesdays from 14:00 UTC”; empty where nothing repeats. */
export function seasonWords({ kind }: Season, atMs: number): string {
  const at = new Date(atMs);
  const hour = `${String(at.getUTCHours()).padStart(2, "0")}:00`;
  const weekday = at.getUTCDay();
  switch (kind) {
    case "none":
      return "";
    case "day":
    case "fine-day":
      return `around ${hour} UTC`;
    case "workweek": {
      const days = weekday === 0 || weekday === 6
        ? "at weekends"
        : "on working days";
      return `${days} around ${hour} UTC`;
    }
    case "weekday":
      return `on ${WEEKDAYS[weekday]}`;
    case "week":
      return `on ${WEEKDAYS[weekday]} around ${hour} UTC`;
    case "period":
      return "at this place of the cycle";
  }
}

export function valueReason(
  value: number,
  expected: number,
  season: Season,
  atMs: number,
): string {
  const when = seasonWords(season, atMs);
  const usual = when === "" ? "usual" : `usual ${when}`;
  return expected === 0
    ? `${figure(value)} where nothing is ${usual}`
    : `${figure(value)} where about ${figure(expected)} is ${usual}: ${
      comparison(value, expected)
    }`;
}

/** Less than this part of what was is nothing. */
const NEXT_TO_NOTHING = 0.01;

export function shiftReason(from: number, to: number): string {
  if (Math.abs(to) < NEXT_TO_NOTHING * Math.abs(from)) {
    return `It stopped here and did not come back: about ${
      figure(from)
    } was usual on average`;
  }
  if (Math.abs(from) < NEXT_TO_NOTHING * Math.abs(to)) {
    return `It began here and went on: nothing was usual, and since then about ${
      figure(to)
    } on average`;
  }
  return `The usual value changed here from about ${figure(from)} to about ${
    figure(to)
  } on average and stayed there`;
}
