/** Ends the account of whoever asks for it. */
import type { Context } from "fresh";
import { by } from "@/lib/audit/audit_event.ts";
import type { Confirmation } from "@/lib/auth/account_removal.ts";
import type { State } from "@/utils.ts";
import { isPlain } from "./begin_session.ts";
import { endedSessionCookie } from "./session_cookie.ts";

/**
 * Closes the caller's account and orders the erasure of what they have.
 * @returns the value of `Set-Cookie` that ends the session in the browser
 * @throws {AppError} 409 `last_owner`, 403 `wrong_password` or `not_confirmed`, 429 `too_many_attempts`
 */
export async function closeAccount(
  { state }: Context<State>,
  confirmation: Confirmation,
): Promise<string> {
  const { caller, services: { personalData } } = state;
  const { accountRemoval, erasureOrders, eraser } = personalData;
  await accountRemoval.close(
    caller,
    confirmation,
    (workspace) =>
      erasureOrders.order(workspace, caller.user, "account", by(caller)),
  );
  eraser.soon();
  return endedSessionCookie(!isPlain(state));
}
