/** Cursors of lists that are ordered by id: the id of the last item. */
import { AppError } from "@/lib/errors.ts";
import { type IdPrefix, isId } from "@/lib/shared/ids.ts";

/** The id before which a page begins. @throws {AppError} 400 for a cursor that no page gave */
export function beforeId(
  prefix: IdPrefix,
  cursor: string | null,
): string | null {
  if (cursor === null || isId(prefix, cursor)) return cursor;
  throw invalidCursor();
}

/** 400 `invalid_request` for a cursor that no page gave. */
export function invalidCursor(): AppError {
  const message = "must be the nextCursor of an earlier page";
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
