/** What the addresses of documents say. */
import { AppError } from "@/lib/errors.ts";

const MAX_DIGITS = 9;

/**
 * The chunk that a page begins with, from 1.
 * @throws {AppError} 400 `invalid_request` for a cursor that no page gave
 */
export function readChunkCursor(cursor: string | null): number {
  if (cursor === null) return 1;
  if (/^[1-9]\d*$/.test(cursor) && cursor.length <= MAX_DIGITS) {
    return Number(cursor);
  }
  const message = "must be the nextCursor of an earlier page";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
