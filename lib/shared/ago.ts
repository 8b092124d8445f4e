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

function words(
  spanMs: number,
  whole: (count: number) => number,
): string | null {
  const minutes = Math.max(1, whole(spanMs / MINUTE_MS));
  if (minutes < 60) return `${minutes} min`;
  const hours = whole(spanMs / HOUR_MS);
  if (hours < 24) return `${hours} h`;
  const days = whole(spanMs / DAY_MS);
  if (days > MOST_DAYS) return null;
  return days === 1 ? "1 day" : `${days} days`;
}

/** `just now`, `3 min ago`, `2 h ago`, `5 days ago`, `3 Nov 2026`. */
export function formatAgo(moment: Date, now: Date): string {
  const spanMs = now.getTime() - moment.getTime();
  if (spanMs < MINUTE_MS) return "just now";
  const span = words(spanMs, Math.floor);
  return span === null ? DATE.format(moment) : `${span} ago`;
}

/** `in 3 min`, `in 2 h`, `in 5 days`, `on 3 Feb 2027`; what is over is `over`. */
export function formatAhead(moment: Date, now: Date): string {
  const spanMs = moment.getTime() - now.getTime();
  if (spanMs <= 0) return "over";
  const span = words(spanMs, Math.round);
  return span === null ? `on ${DATE.format(moment)}` : `in ${span}`;
}
