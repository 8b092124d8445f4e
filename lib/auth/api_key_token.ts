/** The secret of an API key: made once, shown once, then known by its hash alone. */
import { hash } from "node:crypto";

const PREFIX = "frk_";
const SECRET_BYTES = 32;
const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Characters of base62 that hold 256 bits. */
const SECRET_CHARACTERS = 43;

/** Longest key that is looked up; `FRESHET_API_KEY` may be longer than what is made here. */
const MAX_TOKEN_CHARACTERS = 512;

/** A new key: `frk_` and 43 characters of base62, which hold 256 random bits. */
export function newApiKeyToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  let rest = BigInt(`0x${bytes.toHex()}`);
  let secret = "";
  for (let index = 0; index < SECRET_CHARACTERS; index += 1) {
    secret = ALPHABET[Number(rest % 62n)] + secret;
    rest /= 62n;
  }
  return PREFIX + secret;
}

/** Whether a text can be a key at all. */
export function isApiKeyToken(text: string): boolean {
  return text.startsWith(PREFIX) && text.length <= MAX_TOKEN_CHARACTERS;
}

/**
 * What the store knows a key by: its SHA-256. A secret of 256 random bits needs no slow hash, and since
 * the lookup is by the hash, how long it takes says nothing about the secret of any key.
 */
export function hashApiKeyToken(token: string): string {
  return hash("sha256", token, "base64url");
}

/** The last characters of a key, by which its user knows it again. */
export function lastCharacters(token: string): string {
  return token.slice(-3);
}

/**
 * The key that a request brings in `Authorization`, after `Bearer` or alone, or null: what does not begin
 * as our keys do is none, since OpenAI's clients must send something.
 */
export function readApiKeyToken(headers: Headers): string | null {
  const given = headers.get("authorization");
  if (given === null) return null;
  return /^(?:Bearer\s+)?(frk_.*)$/i.exec(given)?.[1] ?? null;
}
