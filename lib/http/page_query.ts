/** `?limit` and `?cursor` of a list. */
import { AppError } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/**
 * Reads which page of a list is asked for.
 * @throws {AppError} 400 `invalid_request` for a limit that is no whole number from 1 to 200
 */
export function readPageQuery(url: URL): PageQuery {
  const text = url.searchParams.get("limit");
  const limit = text === null ? DEFAULT_LIMIT : Number(text);
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
