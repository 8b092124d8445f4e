/** Times as seen from now, in words that need no time zone until they are weeks away. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MOST_DAYS = 14;

const DATE = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "numeric",
});

function words(spanMs: number): string | null {
  if (spanMs < HOUR_MS) {
    return `${Math.max(1, Math.floor(spanMs / MINUTE_MS))} min`;
  }
  if (spanMs < DAY_MS) return `${Math.floor(spanMs / HOUR_MS)} h`;
  const days = Math.floor(spanMs / DAY_MS);
  if (days > MOST_DAYS) return null;
  return days === 1 ? "1 day" : `${days} days`;
}

/** `just now`, `3 min ago`, `2 h ago`, `5 days ago`, `3 Nov 2026`. */
export function formatAgo(moment: Date, now: Date): string {
  const spanMs = now.getTime() - moment.getTime();
  if (spanMs < MINUTE_MS) return "just now";
  const span = words(spanMs);
  return span === null ? DATE.format(moment) : `${span} ago`;
}

/** `in 3 min`, `in 2 h`, `in 5 days`, `on 3 Feb 2027`; what is over is `over`. */
export function formatAhead(moment: Date, now: Date): string {
  const spanMs = moment.getTime() - now.getTime();
  if (spanMs <= 0) return "over";
  const span = words(spanMs);
  return span === null ? `on ${DATE.format(moment)}` : `in ${span}`;
}
