/** `?user=` of the list of API keys. */
import { AppError } from "@/lib/errors.ts";
import { isId } from "@/lib/shared/ids.ts";

/**
 * Whose keys are asked for: a `usr_` id, `all`, or null for the caller's own.
 * @throws {AppError} 400 `invalid_request` for anything else
 */
export function readKeyOwner(url: URL): string | null {
  const user = url.searchParams.get("user");
  if (user === null || user === "all" || isId("usr", user)) return user;
  const message = "must be the id of a user, or all";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `user ${message}`,
    errors: [{ path: "user", message }],
  });
}
