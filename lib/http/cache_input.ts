/** What `/api/cache` is asked and answers. */
import * as z from "zod";
import type { KeptEntry, ListedAnswer } from "@/lib/cache/cache_store.ts";
import type { Purge } from "@/lib/cache/response_cache.ts";
import { AppError, invalidRequest } from "@/lib/errors.ts";
import type { KeptAnswer, KeptAnswerDetails } from "@/lib/shared/wire.ts";

/** Place in the list of kept answers, as its cursor says it. */
export type CachePlace = Pick<ListedAnswer, "storedAtMs" | "hash">;

const HASH = /^[0-9a-f]{64}$/;
const CURSOR = /^(\d{1,15})-([0-9a-f]{64})$/;

/** Body of `POST /api/cache/purge`: which kept answers go. */
export const purgeSchema = z.strictObject({
  key: z.string().regex(HASH, { error: "want a key of a kept answer" })
    .optional(),
  model: z.string().min(1).max(200).optional(),
  storedBefore: z.iso.datetime({ error: "want a time, RFC 3339 UTC" })
    .optional(),
  all: z.literal(true).optional(),
}).refine((body) => Object.keys(body).length > 0, {
  error: 'say which answers: key, model, storedBefore, or "all": true',
});

/** The purge that a body asks for. */
export function toPurge(
  { key, model, storedBefore }: z.output<typeof purgeSchema>,
): Purge {
  return {
    hash: key,
    model,
    storedBeforeMs: storedBefore === undefined
      ? undefined
      : Date.parse(storedBefore),
  };
}

/** A kept answer in a list; its text is not in it. */
export function toKeptAnswer(
  { hash, target, served, bytes, storedAtMs }: ListedAnswer,
): KeptAnswer {
  return {
    key: hash,
    model: target,
    servedBy: `${served.provider}/${served.model}`,
    bytes,
    storedAt: new Date(storedAtMs).toISOString(),
  };
}

/** A kept answer that was looked up; its text is not in it. */
export function toKeptDetails(
  { expiresAtMs, finishReason, usage, isInMemory, ...listed }:
    & KeptEntry
    & { isInMemory: boolean },
): KeptAnswerDetails {
  return {
    ...toKeptAnswer(listed),
    expiresAt: new Date(expiresAtMs).toISOString(),
    finishReason,
    usage,
    isInMemory,
  };
}

/** @throws {AppError} 400 `invalid_request` for what is no key of a kept answer */
export function checkKey(text: string): string {
  if (HASH.test(text)) return text;
  throw invalidRequest("key", "must be the key of a kept answer");
}

/** The cursor of the page after this answer. */
export function cursorOf({ storedAtMs, hash }: CachePlace): string {
  return `${storedAtMs}-${hash}`;
}

/** @throws {AppError} 400 `invalid_request` for a cursor that no page gave */
export function placeOf(cursor: string | null): CachePlace | null {
  if (cursor === null) return null;
  const found = CURSOR.exec(cursor);
  if (found !== null) return { storedAtMs: Number(found[1]), hash: found[2] };
  const message = "must be the nextCursor of an earlier page";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
