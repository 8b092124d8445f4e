/** A new password for who has forgotten theirs, by a link that is mailed to the account's address. */
import { AppError } from "@/lib/errors.ts";
import { passwordResetMail } from "@/lib/mail/account_mails.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { AccountStore } from "./account_store.ts";
import type { AuthMode } from "./caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { linkInvalid } from "./first_owner.ts";
import { hashOf, newSecretToken } from "./hashed_token.ts";
import type { LinkTokenStore } from "./link_token_store.ts";
import type { PasswordChange } from "./password_change.ts";
import type { Throttle } from "./throttle.ts";

export interface PasswordResetParts {
  mode: AuthMode;
  publicUrl: string | null;
  accounts: AccountStore;
  links: LinkTokenStore;
  passwordChange: PasswordChange;
  throttle: Throttle;
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  log: Logger;
}

const HOUR_MS = 60 * 60_000;
const LINK_MS = HOUR_MS;

/** Mails that an address gets, and that a client causes, in an hour. */
const MAILS_TO_ADDRESS = 3;
const MAILS_OF_CLIENT = 20;

export class PasswordReset {
  readonly #parts: PasswordResetParts;
  readonly #asked = new Set<Promise<void>>();

  constructor(parts: PasswordResetParts) {
    this.#parts = parts;
  }

  /** Whether there are such links: mail can be sent, and the server knows its own address. */
  get isOn(): boolean {
    const { mailer, publicUrl } = this.#parts;
    return mailer.isOn && publicUrl !== null;
  }

  /**
   * Mails a link to an address if it has an account. What the caller sees, and when, is the same if it
   * has none.
   * @throws {AppError} 409 `mail_off`
   */
  ask(email: string, address: string): void {
    if (!this.isOn) throw mailOff();
    // Not awaited: how long it takes would tell whether there is an account.
    const asked: Promise<void> = this.#send(email, address).catch((error) => {
      this.#parts.log.error("A password reset could not be mailed", { error });
    }).then(() => void this.#asked.delete(asked));
    this.#asked.add(asked);
  }

  /** Whether a link can be used. */
  async isGood(token: string): Promise<boolean> {
    return await this.#find(token) !== null;
  }

  /**
   * Sets a new password by a link, which works once; all sessions of the account end.
   * @throws {AppError} 404 `link_invalid`
   */
  async redeem(
    token: string,
    password: string,
    address: string,
  ): Promise<void> {
    const { links, passwordChange } = this.#parts;
    const link = await this.#find(token);
    if (link === null) throw linkInvalid();
    const { user, epoch } = link.record;
    try {
      await passwordChange.set(
        user,
        password,
        {
          workspace: FIRST_WORKSPACE,
          by: "reset",
          address,
          actor: null,
          session: null,
        },
        ({ access }) => (access.record?.epoch ?? 0) === epoch,
        links.use("reset", link),
      );
    } catch (error) {
      if (error instanceof AppError && error.code === "changed_meanwhile") {
        throw linkInvalid();
      }
      throw error;
    }
  }

  /** Resolves when what was asked for has been done. */
  async close(): Promise<void> {
    await Promise.all(this.#asked);
  }

  async #find(token: string) {
    const { accounts, links } = this.#parts;
    const link = await links.find("reset", token);
    if (link === null) return null;
    const { record } = await accounts.access(link.record.user);
    return (record?.epoch ?? 0) === link.record.epoch ? link : null;
  }

  async #send(email: string, address: string): Promise<void> {
    const { mode, publicUrl, accounts, links, throttle, mailer } = this.#parts;
    const isAllowed = await throttle.allow(`reset from ${address}`, {
      most: MAILS_OF_CLIENT,
      withinMs: HOUR_MS,
    }) && await throttle.allow(`reset of ${email}`, {
      most: MAILS_TO_ADDRESS,
      withinMs: HOUR_MS,
    });
    if (!isAllowed) return;
    const account = await accounts.accountByEmail(email);
    if (account === null || account.user.email === null) return;
    const { user, access } = account;
    if (mode === "oidc" && user.id !== FIRST_USER) return;
    const token = newSecretToken();
    const expiresAt = links.now() + LINK_MS;
    const link = links.creation("reset", token, {
      v: 1,
      expiresAt,
      user: user.id,
      epoch: access.record?.epoch ?? 0,
    });
    await mailer.add(link, {
      id: `reset-${hashOf(hashOf(token)).slice(0, 22)}`,
      workspace: FIRST_WORKSPACE,
      to: account.user.email,
      expiresAt,
      ...passwordResetMail({
        link: `${publicUrl}/reset?token=${token}`,
        expiresAt,
      }),
    });
    await links.commit(link);
    mailer.wake();
  }
}

function mailOff(): AppError {
  return new AppError({
    status: 409,
    code: "mail_off",
    message:
      "This server sends no mail. Ask an admin of your workspace for a new password.",
  });
}
