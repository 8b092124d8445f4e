/** Whose alerts somebody may see and change. */
import type { Caller } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import type { AlertOwner } from "@/lib/shared/wire.ts";
import { SERVER_SCOPE } from "./alert_record.ts";

/** The scopes whose alerts somebody may see and change. */
export function scopesOf({ isOperator, workspace }: Caller): string[] {
  return isOperator ? [SERVER_SCOPE, workspace] : [workspace];
}

/** @throws {AppError} 403 `forbidden` for the server's, for those who do not run it */
export function scopeOf(caller: Caller, owner: AlertOwner): string {
  if (owner === "workspace") return caller.workspace;
  if (caller.isOperator) return SERVER_SCOPE;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "This takes an admin of the server.",
  });
}
