/** `?limit` and `?cursor` of a list. */
import { AppError } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";

const DEFAULT_LIMIT = 50;
/** Items that a page may hold. */
export const MAX_LIMIT = 200;

/**
 * Reads which page of a list is asked for.
 * @param defaultLimit items of a page where the query does not say
 * @throws {AppError} 400 `invalid_request` for a limit that is no whole number from 1 to 200
 */
export function readPageQuery(
  url: URL,
  defaultLimit = DEFAULT_LIMIT,
): PageQuery {
  const text = url.searchParams.get("limit");
  const limit = text === null ? defaultLimit : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const message = `must be a whole number from 1 to ${MAX_LIMIT}`;
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `limit ${message}`,
      errors: [{ path: "limit", message }],
    });
  }
  return { limit, cursor: url.searchParams.get("cursor") };
}
