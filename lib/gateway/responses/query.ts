/** What the query of a request says, by a schema. */
import type * as z from "zod";
import { refused } from "./input.ts";

/** @throws {AppError} 400 `invalid_request` that names the first wrong parameter */
export function readQuery<Schema extends z.ZodType>(
  url: URL,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw refused(path.map(String).join("."), message);
}
