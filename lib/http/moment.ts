/** Moments as questions in an address name them. */
import { invalidRequest } from "@/lib/errors.ts";

const MOMENT =
  /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Reads a moment: RFC 3339, or a day, which begins at midnight UTC.
 * @param mayLackZone whether a time may stand without its zone, and is of UTC then
 * @returns milliseconds since 1970; null where nothing is named
 * @throws {AppError} 400 `invalid_request` for anything else, and for days that no month has
 */
export function readMoment(
  name: string,
  text: string | null,
  mayLackZone = false,
): number | null {
  if (!text) return null;
  const [, day, zone] = MOMENT.exec(text) ?? [];
  const isLocal = zone === undefined && text !== day;
  const at = day === undefined || !isDay(day) || isLocal && !mayLackZone
    ? NaN
    : Date.parse(isLocal ? `${text}Z` : text);
  if (Number.isNaN(at)) {
    throw invalidRequest(
      name,
      "must be a date such as 2026-01-31, or RFC 3339",
    );
  }
  return at;
}

/** `Date.parse` takes the 30th of February as the 2nd of March. */
function isDay(day: string): boolean {
  const atMs = Date.parse(day);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day);
}
