/** Which days a usage report is about, by the calendar of a time zone. */
import { offsetMs } from "@/lib/shared/zone_offset.ts";

/** Ranges by name; the days of a week begin on Monday (ISO 8601). */
export const REPORT_RANGES = [
  "yesterday",
  "last-7-days",
  "last-week",
  "last-month",
  "month-to-date",
] as const;

export type ReportRange = typeof REPORT_RANGES[number];

/** Days from the first to the last one, `2026-11-21`, both included. */
export interface ReportDays {
  from: string;
  to: string;
}

/** A span of time with the one of the same length before it; milliseconds since 1970 UTC, ends excluded. */
export interface ReportSpan {
  fromMs: number;
  toMs: number;
  beforeMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The days of a range as seen at a moment. */
export function daysOf(
  range: ReportRange,
  nowMs: number,
  timeZone: string,
): ReportDays {
  const today = dayAt(nowMs, timeZone);
  switch (range) {
    case "yesterday":
      return { from: addDays(today, -1), to: addDays(today, -1) };
    case "last-7-days":
      return { from: addDays(today, -7), to: addDays(today, -1) };
    case "last-week": {
      const weekday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7;
      const monday = addDays(today, -weekday - 7);
      return { from: monday, to: addDays(monday, 6) };
    }
    case "last-month": {
      const last = addDays(`${today.slice(0, 7)}-01`, -1);
      return { from: `${last.slice(0, 7)}-01`, to: last };
    }
    case "month-to-date":
      return { from: `${today.slice(0, 7)}-01`, to: today };
  }
}

/** The span of some days. @throws {RangeError} when the last is before the first, or one is no day */
export function spanOf(
  { from, to }: ReportDays,
  timeZone: string,
): ReportSpan {
  if (!isDay(from) || !isDay(to) || to < from) {
    throw new RangeError(`"${from}" to "${to}" are no days`);
  }
  const days = 1 + (Date.parse(to) - Date.parse(from)) / DAY_MS;
  return {
    fromMs: startOfDay(from, timeZone),
    toMs: startOfDay(addDays(to, 1), timeZone),
    beforeMs: startOfDay(addDays(from, -days), timeZone),
  };
}

/** Whether a text is a day of the calendar. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

function addDays(day: string, days: number): string {
  const ms = Date.parse(`${day}T00:00:00Z`) + days * DAY_MS;
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first moment of a day there: midnight, or what follows where the clocks skip it. */
function startOfDay(day: string, timeZone: string): number {
  const midnightMs = Date.parse(`${day}T00:00:00Z`);
  const firstGuess = midnightMs - offsetMs(midnightMs, timeZone);
  const guess = midnightMs - offsetMs(firstGuess, timeZone);
  // Across a change of the clocks one guess falls into the day before.
  return dayAt(guess, timeZone) < day ? firstGuess : guess;
}

function dayAt(atMs: number, timeZone: string): string {
  return new Date(atMs + offsetMs(atMs, timeZone)).toISOString().slice(0, 10);
}
