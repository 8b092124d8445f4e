/** Changing a password. Every change ends all sessions of its user but the one that made it. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { passwordChangedMail } from "@/lib/mail/account_mails.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import type { Account, AccountStore } from "./account_store.ts";
import type { Caller } from "./caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { Passwords } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import type { SignIn } from "./sign_in.ts";

export interface PasswordChangeParts {
  publicUrl: string | null;
  accounts: AccountStore;
  passwords: Passwords;
  sessions: Sessions;
  signIn: SignIn;
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
}

/** Who changes a password, and where that is noted. */
export interface PasswordChanger {
  /** Workspace whose audit log says so. */
  workspace: string;
  by: "themselves" | "reset" | "admin";
  /** Null: the command line. */
  address: string | null;
  actor: Parameters<typeof auditEvent>[1]["actor"];
  /** Session that goes on, or null: none does. */
  session: string | null;
}

export class PasswordChange {
  readonly #parts: PasswordChangeParts;

  constructor(parts: PasswordChangeParts) {
    this.#parts = parts;
  }

  /** Whether a user has a password. */
  async has(user: string): Promise<boolean> {
    const account = await this.#parts.accounts.account(user);
    return account !== null && account.password.record !== null;
  }

  /**
   * Changes the caller's own password.
   * @throws {AppError} 403 `wrong_password`, 409 `no_password`, 429 `too_many_attempts`
   */
  async change(
    caller: Caller,
    { oldPassword, newPassword }: { oldPassword: string; newPassword: string },
  ): Promise<void> {
    if (!await this.has(caller.user)) throw noPassword();
    const { user, address } = caller;
    const account = await this.#parts.signIn
      .confirm(user, oldPassword, address);
    await this.set(
      user,
      newPassword,
      {
        workspace: caller.workspace,
        by: "themselves",
        session: caller.session,
        ...by(caller),
      },
      ({ password }) => password.versionstamp === account.password.versionstamp,
    );
  }

  /**
   * Sets a password without asking for the old one.
   * @param isStill whether the account is still as it has to be; else the change is refused
   * @param more committed with it
   * @throws {AppError} 409 `changed_meanwhile`
   */
  async set(
    user: string,
    password: string,
    changer: PasswordChanger,
    isStill: (account: Account) => boolean = () => true,
    ...more: Parameters<AccountStore["commit"]>
  ): Promise<void> {
    const { accounts, passwords, sessions, mailer } = this.#parts;
    const hash = await passwords.hash(password);
    await retryOnConflict(async () => {
      const account = await accounts.account(user);
      if (account === null || !isStill(account)) throw changedMeanwhile();
      const kept = changer.session === null
        ? []
        : await sessions.carriedOver(user, changer.session, account.access);
      const changedAt = accounts.now();
      const change = accounts
        .passwordChange(user, account.password, hash, changedAt);
      await this.#mail(change, account, changer, changedAt);
      const ok = await accounts.commit(
        change,
        accounts.accessChange(user, account.access, true),
        accounts.note(
          changer.workspace,
          auditEvent("password.changed", {
            actor: changer.actor,
            address: changer.address,
            subject: user,
            details: { by: changer.by },
          }),
        ),
        ...kept,
        ...more,
      );
      return ok ? null : "conflict";
    });
    mailer.wake();
    await sessions.afterAllEnded(user);
  }

  async #mail(
    change: Parameters<Mailer["add"]>[0],
    { user, access }: Account,
    { address }: PasswordChanger,
    at: number,
  ): Promise<void> {
    const { mailer, publicUrl } = this.#parts;
    if (user.email === null || !mailer.isOn) return;
    await mailer.add(change, {
      id: `password-${user.id}-${(access.record?.revision ?? 0) + 1}`,
      workspace: FIRST_WORKSPACE,
      to: user.email,
      ...passwordChangedMail({
        at,
        address: address ?? "this server's command line",
        signInLink: publicUrl,
      }),
    });
  }
}

function noPassword(): AppError {
  return new AppError({
    status: 409,
    code: "no_password",
    message: "This account has no password: its identity provider lets it in.",
  });
}

function changedMeanwhile(): AppError {
  return new AppError({
    status: 409,
    code: "changed_meanwhile",
    message: "The password was changed meanwhile.",
  });
}
