/**
 * The first owner of a store: in local mode everyone on the machine is this user; beyond it, somebody
 * becomes it by the settings `FRESHET_ADMIN_*` or by the setup link in the log.
 */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { FirstOwnerSettings } from "@/lib/config/sign_in.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { AccountStore } from "./account_store.ts";
import type { AuthMode } from "./caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { newSecretToken } from "./hashed_token.ts";
import type { LinkTokenStore } from "./link_token_store.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { Passwords } from "./passwords.ts";
import type { OwnersRecord, UserRecord, WorkspaceRecord } from "./records.ts";
import type { Setup } from "./user_input.ts";
import { emailTaken, nameFrom, newMembership } from "./users.ts";

export interface FirstOwnerParts {
  mode: AuthMode;
  accounts: AccountStore;
  memberships: MembershipStore;
  links: LinkTokenStore;
  passwords: Passwords;
  log: Logger;
}

const SETUP_LINK_MS = 7 * 24 * 60 * 60_000;

export class FirstOwner {
  readonly #parts: FirstOwnerParts;

  constructor(parts: FirstOwnerParts) {
    this.#parts = parts;
  }

  /** Sees to it that the first workspace and its owner are there, and who that is if a setting says so. */
  async ensure(settings: FirstOwnerSettings | null): Promise<void> {
    await retryOnConflict(() => this.#createPlace());
    if (settings === null || !await this.isMissing()) return;
    const { email, password } = settings;
    try {
      await this.#claim(
        { email, name: nameFrom(email), password },
        "environment",
        null,
      );
    } catch (error) {
      // Another process with the same settings was faster.
      if (!(error instanceof AppError && error.code === "setup_over")) {
        throw error;
      }
    }
  }

  /**
   * Whether nobody owns this server yet but the owner of local mode, who cannot sign in. In local mode
   * that is as it should be.
   */
  async isMissing(): Promise<boolean> {
    const { accounts, memberships } = this.#parts;
    const [user, { owners }] = await Promise.all([
      accounts.user(FIRST_USER),
      memberships.membership(FIRST_WORKSPACE, FIRST_USER),
    ]);
    return isUnclaimed(user.record) && !hasOthers(owners.record);
  }

  /**
   * A link by which whoever reads the log becomes the first owner, or null: there is one, or none is
   * needed.
   * @param origin under which people reach this server
   */
  async setupLink(origin: string): Promise<string | null> {
    const { mode, links } = this.#parts;
    if (mode === "local" || !await this.isMissing()) return null;
    const token = newSecretToken();
    const expiresAt = links.now() + SETUP_LINK_MS;
    await links.commit(links.creation("setup", token, { v: 1, expiresAt }));
    return `${origin}/setup?token=${token}`;
  }

  /** Whether a token of a setup link can be used. */
  async isSetupToken(token: string): Promise<boolean> {
    const [link, isMissing] = await Promise.all([
      this.#parts.links.find("setup", token),
      this.isMissing(),
    ]);
    return link !== null && isMissing;
  }

  /**
   * Makes somebody the first owner.
   * @returns `usr_` id
   * @throws {AppError} 404 `link_invalid`, 409 `setup_over` or `email_taken`
   */
  async setUp({ token, ...owner }: Setup): Promise<string> {
    if (await this.#parts.links.find("setup", token) === null) {
      throw await this.isMissing() ? linkInvalid() : setupOver();
    }
    await this.#claim(owner, "setup", token);
    return FIRST_USER;
  }

  async #claim(
    { email, name, password }: {
      email: string;
      name: string;
      password: string | null;
    },
    how: "setup" | "environment",
    token: string | null,
  ): Promise<void> {
    const { accounts, memberships, passwords, links } = this.#parts;
    const hash = password === null ? null : await passwords.hash(password);
    await retryOnConflict(async () => {
      const [account, { owners }, other, link] = await Promise.all([
        accounts.account(FIRST_USER),
        memberships.membership(FIRST_WORKSPACE, FIRST_USER),
        accounts.accountByEmail(email),
        token === null ? null : links.find("setup", token),
      ]);
      if (
        account === null || !isUnclaimed(account.user) ||
        hasOthers(owners.record)
      ) throw setupOver();
      if (other !== null) throw emailTaken();
      if (token !== null && link === null) throw linkInvalid();
      const user: UserRecord = {
        ...account.user,
        email,
        name,
        updatedAt: accounts.timestamp(),
        version: account.user.version + 1,
      };
      const event = auditEvent("user.created", {
        actor: null,
        subject: user.id,
        details: { email, name, role: "owner", by: how },
      });
      const ok = await accounts.commit(
        accounts.replacement(account, user),
        accounts.accessChange(user.id, account.access, true),
        accounts.note(FIRST_WORKSPACE, event),
        ...(hash === null ? [] : [
          accounts.passwordChange(
            user.id,
            account.password,
            hash,
            accounts.now(),
          ),
        ]),
        ...(link === null ? [] : [links.use("setup", link)]),
      );
      return ok ? null : "conflict";
    });
  }

  async #createPlace(): Promise<"conflict" | null> {
    const { accounts, memberships } = this.#parts;
    const [account, before] = await Promise.all([
      accounts.user(FIRST_USER),
      memberships.membership(FIRST_WORKSPACE, FIRST_USER),
    ]);
    if (account.record !== null) return null;
    const now = accounts.timestamp();
    const user: UserRecord = {
      v: 1,
      id: FIRST_USER,
      email: null,
      name: "Owner",
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const workspace: WorkspaceRecord = {
      v: 1,
      id: FIRST_WORKSPACE,
      name: "Workspace",
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const nothing = { record: null, versionstamp: null };
    const ok = await accounts.commit(
      accounts.creation(user),
      accounts.accessChange(FIRST_USER, nothing),
      memberships.workspaceCreation(workspace),
      memberships.change(
        FIRST_WORKSPACE,
        FIRST_USER,
        before,
        newMembership(FIRST_USER, "owner", [], now),
      ),
    );
    return ok ? null : "conflict";
  }
}

function isUnclaimed(user: UserRecord | null): boolean {
  return user === null || user.email === null && !user.isClosed;
}

function hasOthers(owners: OwnersRecord | null): boolean {
  return owners?.users.some((user) => user !== FIRST_USER) ?? false;
}

function setupOver(): AppError {
  return new AppError({
    status: 409,
    code: "setup_over",
    message: "This server has been set up. Sign in.",
  });
}

/** 404: the token of a link is unknown, was used, or has expired; which of them is not said. */
export function linkInvalid(): AppError {
  return new AppError({
    status: 404,
    code: "link_invalid",
    message: "This link is not valid: it was used, has expired, or is cut off.",
  });
}
