/** Ids of notifications: made of what they tell, so that the same thing told again is the same one. */
import { hash } from "node:crypto";

const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = BigInt(ALPHABET.length);
const LENGTH = 22;

/**
 * The id for a cause: a UUIDv8 (RFC 9562, 5.8) in base62, which begins with the time like other ids and
 * ends with bits of the cause's hash.
 * @param atMs milliseconds since 1970 UTC
 */
export function constantId<Prefix extends string>(
  prefix: Prefix,
  atMs: number,
  cause: string,
): `${Prefix}_${string}` {
  const bits = BigInt(`0x${hash("sha256", cause, "hex").slice(0, 20)}`);
  const high = (bits >> 62n) & 0xfffn;
  const low = bits & ((1n << 62n) - 1n);
  let rest = (BigInt(atMs) << 80n) | (8n << 76n) | (high << 64n) |
    (2n << 62n) | low;
  let text = "";
  for (let index = 0; index < LENGTH; index += 1) {
    text = ALPHABET[Number(rest % BASE)] + text;
    rest /= BASE;
  }
  return `${prefix}_${text}`;
}
