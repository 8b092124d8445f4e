/** The time that is in an id, such as that of a request: its first 48 of 128 bits, milliseconds since 1970 UTC. */
const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = BigInt(ALPHABET.length);
const LENGTH = 22;
const TIME_SHIFT = 80n;
const PREFIX = "req_";

export const HOUR_MS = 3_600_000;

/** When the request of an id came in; of another id: when it was made. */
export function timeOf(id: string): number {
  let number = 0n;
  for (const character of id.slice(PREFIX.length)) {
    number = number * BASE + BigInt(Math.max(ALPHABET.indexOf(character), 0));
  }
  return Number(number >> TIME_SHIFT);
}

/** The id before all ids of requests from then on. */
export function idBound(atMs: number): string {
  let rest = BigInt(atMs) << TIME_SHIFT;
  let text = "";
  for (let index = 0; index < LENGTH; index += 1) {
    text = ALPHABET[Number(rest % BASE)] + text;
    rest /= BASE;
  }
  return PREFIX + text;
}
