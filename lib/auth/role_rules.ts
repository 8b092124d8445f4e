/** Who may make whom what. */
import { AppError } from "@/lib/errors.ts";
import { type Caller, mayActAs } from "./caller.ts";
import { isAtLeast, type Role } from "./roles.ts";

/**
 * Checks that a caller may manage somebody of this role, or make somebody that.
 * @throws {AppError} 403 `forbidden`
 */
export function requireManages(caller: Caller, role: Role): void {
  const needed: Role = isAtLeast(role, "admin") ? "owner" : "admin";
  if (mayActAs(caller, needed)) return;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: needed === "owner"
      ? "Only owners make and change admins and owners."
      : "This takes the role admin or more.",
  });
}
