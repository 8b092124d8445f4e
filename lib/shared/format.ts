/** Numbers and times in words, alike on the server and in the browser. */

const COUNT = new Intl.NumberFormat("en");

/** `1284` as `1,284`. */
export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** A span of time: two figures below ten seconds, whole seconds below a minute, then minutes. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A span of time in whole seconds, at least one; for what is told, not measured. */
export function formatWholeDuration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `n` things, with the word in its right number; the plural is the word and an s. */
export function formatPlural(count: number, word: string): string {
  return `${formatCount(count)} ${count === 1 ? word : `${word}s`}`;
}

// Making a formatter costs more than all it will ever format; there are only so many zones.
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** Day of a moment in a time zone, as `2026-11-21`. */
export function dayOf(moment: Date, timeZone: string): string {
  let format = dayFormats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    dayFormats.set(timeZone, format);
  }
  return format.format(moment);
}

const DAY_MS = 86_400_000;

/** Whole days between the days of two moments in a time zone. */
export function daysBetween(
  earlier: Date,
  later: Date,
  timeZone: string,
): number {
  const day = (moment: Date) => Date.parse(dayOf(moment, timeZone));
  return Math.round((day(later) - day(earlier)) / DAY_MS);
}

/** A moment as people say it: `Today, 14:02`, `Yesterday, 09:15`, `14 Nov, 08:00`, `3 Feb 2025, 08:00`. */
export function formatMoment(
  moment: Date,
  now: Date,
  timeZone: string,
): string {
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(moment);
  const days = daysBetween(moment, now, timeZone);
  if (days === 0) return `Today, ${time}`;
  if (days === 1) return `Yesterday, ${time}`;
  const isThisYear =
    dayOf(moment, timeZone).slice(0, 4) === dayOf(now, timeZone).slice(0, 4);
  const date = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "short",
    year: isThisYear ? undefined : "numeric",
  }).format(moment);
  return `${date}, ${time}`;
}
