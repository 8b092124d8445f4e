/** The `Idempotency-Key` of a request that may be sent twice. */
import { AppError } from "@/lib/errors.ts";

/** Longest key; the peers take as much. */
const MAX_KEY_CHARACTERS = 255;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * Reads `Idempotency-Key`; null without one.
 * @throws {AppError} 400 `invalid_request` for an empty or overlong one, or with other characters than visible ASCII
 */
export function readIdempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (VISIBLE_ASCII.test(key) && key.length <= MAX_KEY_CHARACTERS) return key;
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message:
      `Idempotency-Key must have 1 to ${MAX_KEY_CHARACTERS} visible ASCII characters.`,
  });
}
