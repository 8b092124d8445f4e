/** A key that makes or changes a key gives it at most what it may do itself. */
import { AppError } from "@/lib/errors.ts";
import type { ApiKeyRecord } from "./api_key_record.ts";

/** @throws {AppError} 403 `key_exceeds_caller` when a key would be able to do more than another */
export function assertWithin(outer: ApiKeyRecord, inner: ApiKeyRecord): void {
  const exceeds = exceeded(outer, inner);
  if (exceeds === null) return;
  throw new AppError({
    status: 403,
    code: "key_exceeds_caller",
    message: `A key cannot give another one more than it has: ${exceeds}.`,
  });
}

function exceeded(outer: ApiKeyRecord, inner: ApiKeyRecord): string | null {
  if (!isWithin(outer.scopes, inner.scopes)) return "scopes";
  if (!isWithin(outer.models, inner.models)) return "models";
  if (!isWithin(outer.endpoints, inner.endpoints)) return "endpoints";
  if (outer.isReadOnly && !inner.isReadOnly) return "readOnly";
  if (timeOf(inner) > timeOf(outer)) return "expiresAt";
  // What one key may spend, many of its making could spend many times.
  if (outer.id !== inner.id && (outer.limits ?? outer.budget) !== null) {
    return "its limits and its budget are its own";
  }
  const isRaised = outer.id === inner.id &&
    (JSON.stringify(outer.limits) !== JSON.stringify(inner.limits) ||
      JSON.stringify(outer.budget) !== JSON.stringify(inner.budget));
  return isRaised ? "it does not set its own limits" : null;
}

function timeOf({ expiresAt }: ApiKeyRecord): number {
  return expiresAt === null ? Infinity : Date.parse(expiresAt);
}

/** Null stands for all. */
function isWithin(
  outer: readonly string[] | null,
  inner: readonly string[] | null,
): boolean {
  if (outer === null) return true;
  return inner !== null && inner.every((name) => outer.includes(name));
}
