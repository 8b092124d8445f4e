/** The time in an id: ids hold a UUIDv7 in base62 (see `ids.ts`), whose first 48 bits are milliseconds. */

const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = BigInt(ALPHABET.length);
const LENGTH = 22;
const TIME_SHIFT = 80n;

/** The least id, without its prefix, of those made from a time on (milliseconds since 1970 UTC). */
export function idTimeBound(atMs: number): string {
  let rest = BigInt(atMs) << TIME_SHIFT;
  let text = "";
  for (let index = 0; index < LENGTH; index += 1) {
    text = ALPHABET[Number(rest % BASE)] + text;
    rest /= BASE;
  }
  return text;
}
