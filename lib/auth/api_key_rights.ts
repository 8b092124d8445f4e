/** Who may make, change and see which keys. */
import { notFound } from "@/lib/chat/refusals.ts";
import { AppError } from "@/lib/errors.ts";
import { ADMIN_KEY_SCOPES } from "@/lib/shared/key_scopes.ts";
import { assertWithin } from "./api_key_bounds.ts";
import type { ApiKeyRecord } from "./api_key_record.ts";
import type { ApiKeyStore } from "./api_key_store.ts";
import { type Caller, mayActAs } from "./caller.ts";

/** @throws {AppError} 403 when a key would be able to do more than who makes it or changes it so */
export async function assertMayGive(
  caller: Caller,
  record: ApiKeyRecord,
  store: ApiKeyStore,
): Promise<void> {
  assertMayManage(caller);
  const needsAdmin = record.scopes.filter((scope) =>
    ADMIN_KEY_SCOPES.includes(scope)
  );
  if (needsAdmin.length > 0 && !mayActAs(caller, "admin")) {
    throw forbidden(
      "key_needs_admin",
      `Only admins make keys with the scope ${needsAdmin.join(" or ")}.`,
    );
  }
  if (caller.key === null) return;
  const own = await store.load(caller.workspace, caller.key.id);
  if (own === null) throw notFound("key");
  assertWithin(own.record, record);
}

/**
 * A key with no more than the scope `api` cannot make another: whoever finds it could go on with that
 * one after it was revoked.
 * @throws {AppError} 403 `keys_not_manageable`
 */
export function assertMayManage(caller: Caller): void {
  const { key } = caller;
  if (key === null || !key.isReadOnly && mayActAs(caller, "admin")) return;
  throw forbidden(
    "keys_not_manageable",
    "Keys are managed by people who are signed in, or by an admin's key with the scope admin.",
  );
}

/** @throws {AppError} 403 `forbidden` */
export function assertAdmin(caller: Caller): void {
  if (mayActAs(caller, "admin")) return;
  throw forbidden("forbidden", "Other people's keys are for admins to see.");
}

function forbidden(code: string, message: string): AppError {
  return new AppError({ status: 403, code, message });
}

/** 403 for a change of another's key. */
export function notYours(): AppError {
  return forbidden(
    "forbidden",
    "Only its user changes a key; an admin revokes it, or limits it by a policy.",
  );
}
