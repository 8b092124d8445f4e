/** Wall clocks of time zones. */

/** How far the wall clock of a zone is ahead of UTC, in milliseconds. @throws {RangeError} for a zone that is none */
export function offsetMs(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(atMs);
  const read = (type: string) =>
    Number(parts.find((part) => part.type === type)?.value);
  const wallMs = Date.UTC(
    read("year"),
    read("month") - 1,
    read("day"),
    read("hour"),
    read("minute"),
    read("second"),
  );
  return wallMs - Math.floor(atMs / 1_000) * 1_000;
}
