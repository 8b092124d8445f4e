/** Versions over HTTP: a record's `ETag`, and the `If-Match` that a change of it must bring (RFC 9110). */
import { AppError } from "@/lib/errors.ts";

/** The `ETag` of a record with this version: the version in quotes. */
export function etag(version: number): string {
  return `"${version}"`;
}

/**
 * Checks that a change is meant for the version that is there: `If-Match` with the record's ETag, a list
 * that holds it, or `*` for whichever version there is.
 * @throws {AppError} 428 `precondition_required` without the header, 412 `precondition_failed` with the
 * current `ETag` when it names other versions
 */
export function requireIfMatch(request: Request, version: number): void {
  const header = request.headers.get("if-match");
  const current = etag(version);
  if (header === null) {
    throw new AppError({
      status: 428,
      code: "precondition_required",
      message:
        "Send the ETag of the version to change as If-Match, so that nobody's change is lost.",
      headers: { etag: current },
    });
  }
  const tags = header.split(",").map((tag) => tag.trim());
  if (tags.length === 1 && tags[0] === "*") return;
  // A weak tag never equals a strong one, as the strong comparison of If-Match demands.
  if (tags.includes(current)) return;
  throw new AppError({
    status: 412,
    code: "precondition_failed",
    message: "It was changed meanwhile. Load it again and repeat the change.",
    headers: { etag: current },
  });
}
