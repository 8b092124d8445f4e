/** Ends an account when its user asks for it and shows that they mean it. */
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import type { AccountClosing } from "./account_closing.ts";
import type { Account, AccountStore } from "./account_store.ts";
import type { AuthMode, Caller } from "./caller.ts";
import { FIRST_USER } from "@/lib/shared/spaces.ts";
import { normaliseEmail } from "./email.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { SignIn } from "./sign_in.ts";

export interface AccountRemovalParts {
  mode: AuthMode;
  accounts: AccountStore;
  memberships: Pick<MembershipStore, "workspacesOf">;
  accountClosing: AccountClosing;
  signIn: Pick<SignIn, "confirm">;
}

/** What shows that it is really meant. */
export interface Confirmation {
  password?: string;
  /** Their address, typed again: for who has no password here. */
  email?: string;
}

export class AccountRemoval {
  readonly #parts: AccountRemovalParts;

  constructor(parts: AccountRemovalParts) {
    this.#parts = parts;
  }

  /**
   * Takes a user out of all workspaces and closes their account.
   * @param also what is committed with leaving a workspace: the order to erase what they have there
   * @throws {AppError} 409 `last_owner`: nothing was changed; 403 `wrong_password` or `not_confirmed`, 429
   * `too_many_attempts`
   */
  async close(
    caller: Caller,
    confirmation: Confirmation,
    also: Parameters<AccountClosing["close"]>[1],
  ): Promise<void> {
    await this.#confirm(caller, confirmation);
    await this.#parts.accountClosing.close(caller, also);
  }

  /** Closes an account whose user has left all workspaces, should the process that began it have died. */
  async finish(user: string): Promise<void> {
    const { accounts, memberships } = this.#parts;
    await retryOnConflict(async () => {
      const account = await accounts.account(user);
      if (account === null || account.user.isClosed) return null;
      if ((await memberships.workspacesOf(user)).length > 0) return null;
      return await accounts.commit(
          accounts.closing(account),
          accounts.accessChange(user, account.access, true),
        )
        ? null
        : "conflict";
    });
  }

  /** Whether this user confirms with a password; else with their address. */
  async confirmsByPassword(user: string): Promise<boolean> {
    const account = await this.#parts.accounts.account(user);
    return account !== null && this.#usesPassword(account);
  }

  async #confirm(
    { user, address, mode }: Caller,
    { password, email }: Confirmation,
  ): Promise<void> {
    // Its one owner cannot go, which is what the caller is told then.
    if (mode === "local") return;
    const { accounts, signIn } = this.#parts;
    const account = await accounts.account(user);
    if (account === null) return;
    if (this.#usesPassword(account)) {
      await signIn.confirm(user, password ?? "", address);
      return;
    }
    const { email: own } = account.user;
    if (own !== null && normaliseEmail(email ?? "") === own) return;
    throw new AppError({
      status: 403,
      code: "not_confirmed",
      message:
        "Type the address of your account again, so that it is not deleted by accident.",
      errors: [{ path: "email", message: "is not the account's address" }],
    });
  }

  /** Where an identity provider lets people in, only the first owner has a use for a password. */
  #usesPassword({ user, password }: Account): boolean {
    return password.record !== null &&
      (this.#parts.mode !== "oidc" || user.id === FIRST_USER);
  }
}
