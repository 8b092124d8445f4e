/** Due dates: people name a day, the server keeps the moment that day ends in their time zone. */
import { dayOf, daysBetween } from "./format.ts";
import { offsetMs } from "./zone_offset.ts";

const MINUTE_MS = 60_000;
const LAST_MINUTE_OF_DAY_MS = 24 * 60 * MINUTE_MS - MINUTE_MS;

/**
 * The last minute of a day such as `2026-11-30` in a time zone, as RFC 3339 in UTC; null for a text that
 * is no day.
 * @throws {RangeError} for a time zone that is none
 */
export function endOfDay(day: string, timeZone: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const startMs = Date.parse(`${day}T00:00:00Z`);
  const isDay = !Number.isNaN(startMs) &&
    new Date(startMs).toISOString().startsWith(day);
  if (!isDay) return null;
  const wallMs = startMs + LAST_MINUTE_OF_DAY_MS;
  // The first guess may lie on the other side of a change of the clocks.
  const guessMs = wallMs - offsetMs(wallMs, timeZone);
  return new Date(wallMs - offsetMs(guessMs, timeZone)).toISOString();
}

/** Whether a text names a time zone this machine knows. */
export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function formatDay(moment: Date, now: Date, timeZone: string): string {
  const days = daysBetween(now, moment, timeZone);
  if (days === 0) return "today";
  if (days === 1) return "tomorrow";
  if (days === -1) return "yesterday";
  const year = dayOf(moment, timeZone).slice(0, 4);
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "short",
    year: year === dayOf(now, timeZone).slice(0, 4) ? undefined : "numeric",
  }).format(moment);
}

/** `Due tomorrow`, `Due 30 Nov`, `Overdue since 14 Nov`; what is done is never overdue. */
export function describeDue(
  dueAt: string,
  isDone: boolean,
  now: Date,
  timeZone: string,
): { words: string; isOverdue: boolean } {
  const due = new Date(dueAt);
  const isOverdue = !isDone && due < now;
  const day = formatDay(due, now, timeZone);
  return { words: `${isOverdue ? "Overdue since" : "Due"} ${day}`, isOverdue };
}
