/** Periods of budgets by the calendar in UTC. */
import type { BudgetPeriod } from "@/lib/config/budgets.ts";

/** One day, week or month, or all of time. */
export interface PeriodSpan {
  /** `2026-11-21`, `2026-11-16w` (its Monday), `2026-11` or `total`: how keys and events call it. */
  readonly name: string;
  readonly period: BudgetPeriod;
  /** When the next one begins, milliseconds since 1970 UTC; null: never. */
  readonly endsAtMs: number | null;
}

const DAY_MS = 86_400_000;
const DAYS_OF_WEEK = 7;
/** 1 January 1970 was a Thursday, three days after a Monday. */
const FIRST_DAY = 3;

const dayName = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

/** The period of a moment, milliseconds since 1970 UTC. */
export function periodAt(period: BudgetPeriod, atMs: number): PeriodSpan {
  const day = Math.floor(atMs / DAY_MS);
  switch (period) {
    case "day": {
      const startMs = day * DAY_MS;
      return { name: dayName(startMs), period, endsAtMs: startMs + DAY_MS };
    }
    case "week": {
      const monday = day - (day + FIRST_DAY) % DAYS_OF_WEEK;
      const startMs = monday * DAY_MS;
      return {
        name: `${dayName(startMs)}w`,
        period,
        endsAtMs: startMs + DAYS_OF_WEEK * DAY_MS,
      };
    }
    case "month": {
      const date = new Date(atMs);
      const endsAtMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
      return { name: date.toISOString().slice(0, 7), period, endsAtMs };
    }
    case "total":
      return { name: "total", period, endsAtMs: null };
  }
}

/** A period in words, as in "1.00 USD a day". */
export const PERIOD_WORDS: Readonly<Record<BudgetPeriod, string>> = {
  day: "a day",
  week: "a week",
  month: "a month",
  total: "in all",
};

/** When a period ends, in words and as RFC 3339; null: it never does. */
export function resetWords(
  { endsAtMs }: Pick<PeriodSpan, "endsAtMs">,
  nowMs: number,
): { resetsAt: string; words: string } | null {
  if (endsAtMs === null) return null;
  const resetsAt = new Date(endsAtMs).toISOString().replace(".000Z", "Z");
  return { resetsAt, words: `in ${spanWords(endsAtMs - nowMs)}` };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function spanWords(milliseconds: number): string {
  const of = (unitMs: number, word: string) => {
    const count = Math.max(1, Math.round(milliseconds / unitMs));
    return `${count} ${word}${count === 1 ? "" : "s"}`;
  };
  if (milliseconds >= 2 * DAY_MS) return of(DAY_MS, "day");
  if (milliseconds >= 2 * HOUR_MS) return of(HOUR_MS, "hour");
  return of(MINUTE_MS, "minute");
}
