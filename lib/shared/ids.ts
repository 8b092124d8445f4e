/**
 * Ids: a prefix that names the kind and 22 base62 characters that hold a UUIDv7 (RFC 9562), so ids sort
 * by the time they were made, in the browser and on the server alike.
 */

const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = BigInt(ALPHABET.length);
const LENGTH = 22;

export type IdPrefix =
  | "thr"
  | "msg"
  | "run"
  | "job"
  | "key"
  | "usr"
  | "wsp"
  | "prj"
  | "tsk"
  | "doc"
  | "evt"
  | "req"
  | "ses"
  | "grp"
  | "inv"
  | "whk"
  | "sch"
  | "ntf";

let lastMs = 0;
let counter = 0;

/** Milliseconds and a 12-bit counter that only grow inside one process, also when the clock goes back. */
function tick(): { ms: number; count: number } {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = crypto.getRandomValues(new Uint16Array(1))[0] & 0x3ff;
  } else {
    counter += 1;
    if (counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
  }
  return { ms: lastMs, count: counter };
}

/** A UUIDv7 as a number of 128 bits. */
function uuid7(): bigint {
  const { ms, count } = tick();
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  const random = (BigInt(high & 0x3fffffff) << 32n) | BigInt(low);
  return (BigInt(ms) << 80n) | (7n << 76n) | (BigInt(count) << 64n) |
    (2n << 62n) | random;
}

/** A fresh id, for example `thr_01KB…`. */
export function newId<Prefix extends IdPrefix>(
  prefix: Prefix,
): `${Prefix}_${string}` {
  return `${prefix}_${newIdText()}`;
}

/** A fresh id without a prefix, for ids that another API prefixes its own way. */
export function newIdText(): string {
  let rest = uuid7();
  let text = "";
  for (let index = 0; index < LENGTH; index += 1) {
    text = ALPHABET[Number(rest % BASE)] + text;
    rest /= BASE;
  }
  return text;
}

/** Whether a text is an id of this kind. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) &&
    /^[a-z]{3}_[0-9A-Za-z]{22}$/.test(text);
}
