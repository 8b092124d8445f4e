/** What requests under `/v1/files` say (https://platform.openai.com/docs/api-reference/files). */
import * as z from "zod";
import type { FileListing } from "@/lib/files/files.ts";
import { refused } from "../responses/input.ts";

/** Purposes that a program may upload for. */
export const PURPOSES = [
  "assistants",
  "batch",
  "fine-tune",
  "vision",
  "user_data",
  "evals",
] as const;

const HOUR_SECONDS = 3_600;
const MONTH_SECONDS = 30 * 24 * HOUR_SECONDS;
const MAX_LISTED = 10_000;

/** When a file goes: so many seconds after it was made. */
export const expirySchema = z.strictObject({
  anchor: z.literal("created_at"),
  seconds: z.coerce.number().int().min(HOUR_SECONDS).max(MONTH_SECONDS),
});

const fieldsSchema = z.object({
  purpose: z.enum(PURPOSES),
  expires_after: expirySchema.optional(),
});

export interface FileFields {
  purpose: typeof PURPOSES[number];
  /** Milliseconds since 1970 UTC; null: when it is deleted. */
  expiresAtMs: number | null;
}

/**
 * The fields of an upload's form beside the file. Files for batches go after 30 days, as OpenAI's do.
 * @throws {AppError} 400 `invalid_request` that names the field
 */
export function readFileFields(
  fields: Record<string, string>,
  nowMs: number,
): FileFields {
  const anchor = fields["expires_after[anchor]"];
  const seconds = fields["expires_after[seconds]"];
  const isTimed = anchor !== undefined || seconds !== undefined;
  const parsed = fieldsSchema.safeParse({
    purpose: fields.purpose,
    ...(isTimed ? { expires_after: { anchor, seconds } } : {}),
  });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw refused(path.join("."), message);
  }
  const { purpose, expires_after: expiry } = parsed.data;
  const lifeSeconds = expiry?.seconds ??
    (purpose === "batch" ? MONTH_SECONDS : null);
  return {
    purpose,
    expiresAtMs: lifeSeconds === null ? null : nowMs + lifeSeconds * 1_000,
  };
}

export const fileListSchema = z.object({
  purpose: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(MAX_LISTED),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
  before: z.string().optional(),
});

export type FileListQuery = z.output<typeof fileListSchema>;

/** What to list. With `before`, the items directly in front of it: read towards the beginning. */
export function listingOf(
  { purpose, limit, order, after, before }: FileListQuery,
): FileListing & { isBackward: boolean } {
  const isBackward = before !== undefined && after === undefined;
  const turned = order === "asc" ? "desc" as const : "asc" as const;
  return {
    purpose: purpose ?? null,
    // One more tells whether there are more.
    limit: limit + 1,
    place: {
      order: isBackward ? turned : order,
      after: (isBackward ? before : after) ?? null,
    },
    isBackward,
  };
}
