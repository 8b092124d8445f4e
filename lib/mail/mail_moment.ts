/** How mails write a moment. A mail does not know where it is read, so it is UTC. */

const FORMAT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** For example `2 January 2026 at 03:04 UTC`; of milliseconds since 1970 UTC. */
export function mailMoment(atMs: number): string {
  return `${FORMAT.format(atMs)} UTC`;
}
