/** Secrets that are only ever stored as a hash: of sessions and of links that work once. */
import { hash } from "node:crypto";

const TOKEN_BYTES = 32;

/** A fresh random token, 256 bits in 43 characters of base64url. */
export function newSecretToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * SHA-256 of a text as base64url: what is stored in place of a token. A token is found by its hash, so
 * nothing compares a secret character by character.
 */
export function hashOf(text: string): string {
  return hash("sha256", text, "base64url");
}

/** Whether a text can be such a token; what is not needs no look into the store. */
export function isSecretToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}
