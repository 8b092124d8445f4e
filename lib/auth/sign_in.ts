/** Signing in with an address and a password. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Account, AccountStore } from "./account_store.ts";
import type { AuthMode } from "./caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { normaliseEmail } from "./email.ts";
import { hashOf } from "./hashed_token.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { Passwords } from "./passwords.ts";
import type { Client, NewSession, Sessions } from "./sessions.ts";
import { type Throttle, triesLeftInWords, type Try } from "./throttle.ts";

export interface SignInParts {
  mode: AuthMode;
  accounts: AccountStore;
  memberships: MembershipStore;
  passwords: Passwords;
  sessions: Sessions;
  throttle: Throttle;
  log: Logger;
}

/** What somebody typed, and where from. */
export interface Credentials extends Client {
  email: string;
  password: string;
}

/** What is typed is looked up to this length. */
const MAX_TYPED_CHARACTERS = 300;

export class SignIn {
  readonly #parts: SignInParts;
  /** Tries that did not succeed in this process, by the code of their refusal. */
  readonly refused = new Map<string, number>();
  readonly #checking = new Map<string, Promise<Account>>();

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Begins a session for whoever has the password. The answer, and the work it takes, are the same
   * whether the account does not exist, has no password, or has another one.
   * @throws {AppError} 401 `invalid_credentials` with `triesLeft` and `retryAfterSeconds`, 403
   * `not_a_member`, 429 `too_many_attempts`, 503 `overloaded`
   */
  async signIn(credentials: Credentials): Promise<NewSession> {
    const { user, access } = await this.#checkOnce(credentials);
    return await this.#parts.sessions.create({
      user: user.id,
      workspace: await this.#workspaceOf(user.id),
      address: credentials.address,
      userAgent: credentials.userAgent,
      method: "password",
      epoch: access.record?.epoch ?? 0,
    });
  }

  /**
   * Whether this is the password of a user who is signed in and about to do something grave.
   * @throws {AppError} 403 `wrong_password`, 429 `too_many_attempts`, 503 `overloaded`
   */
  async confirm(
    user: string,
    password: string,
    address: string,
  ): Promise<Account> {
    const { accounts, passwords, throttle } = this.#parts;
    const account = await accounts.account(user);
    const tried = await throttle.take(account?.user.email ?? user, address);
    const stored = account?.password.record?.hash ?? null;
    if (!await passwords.verify(password, stored) || account === null) {
      await throttle.failed(tried, failure(account, user, address, null));
      throw new AppError({
        status: 403,
        code: "wrong_password",
        message: `This is not your password. ${triesLeftInWords(tried)}`,
        extra: leftOf(tried),
      });
    }
    await throttle.succeeded(tried);
    return account;
  }

  /** The same try several times at once (a form sent twice, a program's connections) is one try. */
  #checkOnce(credentials: Credentials): Promise<Account> {
    const name = hashOf(
      JSON.stringify([
        credentials.email,
        credentials.password,
        credentials.address,
      ]),
    );
    const there = this.#checking.get(name);
    if (there !== undefined) return there;
    const checking = this.#check(credentials).catch((error) => {
      if (error instanceof AppError) {
        this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
      }
      throw error;
    });
    this.#checking.set(name, checking);
    const done = () => void this.#checking.delete(name);
    checking.then(done, done);
    return checking;
  }

  async #check(
    { email, password, address, userAgent }: Credentials,
  ): Promise<Account> {
    const { accounts, passwords, throttle } = this.#parts;
    const typed = normaliseEmail(email) ??
      email.slice(0, MAX_TYPED_CHARACTERS).toWellFormed();
    const tried = await throttle.take(typed, address);
    const account = await accounts.accountByEmail(typed);
    const stored = account !== null && this.#mayUsePassword(account)
      ? account.password.record?.hash ?? null
      : null;
    const isRight = await passwords.verify(password, stored);
    if (!isRight || account === null || stored === null) {
      await throttle.failed(
        tried,
        failure(account, typed, address, userAgent),
      );
      throw new AppError({
        status: 401,
        code: "invalid_credentials",
        message: `Email and password do not match. ${triesLeftInWords(tried)}`,
        extra: leftOf(tried),
        headers: tried.waitMs === 0
          ? {}
          : { "retry-after": String(Math.ceil(tried.waitMs / 1_000)) },
      });
    }
    await throttle.succeeded(tried);
    if (passwords.isOutdated(stored)) await this.#rehash(account, password);
    return account;
  }

  /** Where an identity provider lets people in, a password is the first owner's way in when it is away. */
  #mayUsePassword({ user }: Account): boolean {
    return this.#parts.mode !== "oidc" || user.id === FIRST_USER;
  }

  /** Stores the password with the parameters of today. If somebody changes it now, theirs stays. */
  async #rehash(
    { user, password: before }: Account,
    password: string,
  ): Promise<void> {
    const { accounts, passwords, log } = this.#parts;
    try {
      const hash = await passwords.hash(password);
      const changedAt = before.record?.changedAt ?? accounts.now();
      await accounts.commit(
        accounts.passwordChange(user.id, before, hash, changedAt),
      );
    } catch (error) {
      // The password was right; that it is stored as before is no reason to refuse.
      log.warn("A password could not be hashed anew", { error });
    }
  }

  /** The workspace that a new session acts in: the first where the user may. */
  async #workspaceOf(user: string): Promise<string> {
    const there = await this.#parts.memberships.workspacesOf(user);
    const first = there.find(({ membership }) => !membership.isDisabled);
    return first?.workspace.id ?? FIRST_WORKSPACE;
  }
}

function leftOf({ left, waitMs }: Try): Record<string, number> {
  return {
    triesLeft: left,
    retryAfterSeconds: Math.ceil(waitMs / 1_000),
  };
}

/** What was typed is kept only where it is an account: people type passwords into the wrong field. */
function failure(
  account: Account | null,
  typed: string,
  address: string,
  userAgent: string | null,
) {
  return {
    workspace: FIRST_WORKSPACE,
    event: auditEvent("user.sign_in_failed", {
      actor: null,
      address,
      subject: account?.user.id ?? `unknown:${hashOf(typed).slice(0, 12)}`,
      details: {
        method: "password",
        reason: account === null ? "unknown account" : "wrong password",
        userAgent,
      },
    }),
  };
}
