/** A page of a Response's input items, as OpenAI's lists are. */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import type { StoredRequest } from "./response_store.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** What the query of a list may say. */
export const itemListSchema = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  order: z.enum(["asc", "desc"]).default("desc"),
});

type Items = StoredRequest["items"];

/** @throws {AppError} 400 `invalid_request` for a place that is no item of the list */
export function listItems(
  items: Items,
  { after, limit, order }: z.output<typeof itemListSchema>,
) {
  const ordered = order === "asc" ? items : items.toReversed();
  const place = after === undefined
    ? -1
    : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && place < 0) {
    const message = "names no item of this response";
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `after: ${message}`,
      errors: [{ path: "after", message }],
    });
  }
  const data = ordered.slice(place + 1, place + 1 + limit);
  return {
    object: "list" as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: place + 1 + limit < ordered.length,
  };
}
