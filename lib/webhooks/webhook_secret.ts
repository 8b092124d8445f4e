/** Secrets of webhooks, and what is signed with them (Standard Webhooks 1.0.0, symmetric signatures). */
import { Webhook as Signer } from "standardwebhooks";

const PREFIX = "whsec_";

/** The specification wants 24 to 64. */
const SECRET_BYTES = 32;

/** How long an old secret signs beside the one that has taken its place, in milliseconds. */
export const OLD_SECRET_MS = 24 * 60 * 60 * 1_000;

/** A fresh secret: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return PREFIX +
    crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64();
}

/**
 * The headers of a request.
 * @param id constant over all attempts; without a full stop
 * @param secrets each signs, so that a receiver knows the request by any of them
 */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs);
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
    "webhook-signature": secrets
      .map((secret) => new Signer(secret).sign(id, at, body))
      .join(" "),
  };
}
