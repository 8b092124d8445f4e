/** Invitations: how people get into a workspace who are not in it yet. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { invitationMail } from "@/lib/mail/account_mails.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Invitation, Page } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { Account, AccountStore } from "./account_store.ts";
import type { AuthMode, Caller } from "./caller.ts";
import { linkInvalid } from "./first_owner.ts";
import type { Groups } from "./groups.ts";
import { hashOf, newSecretToken } from "./hashed_token.ts";
import type {
  InvitationRecord,
  InvitationStore,
  LoadedInvitation,
} from "./invitation_store.ts";
import type { FoundLink, LinkTokenStore } from "./link_token_store.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { Passwords } from "./passwords.ts";
import type { UserRecord } from "./records.ts";
import { requireManages } from "./role_rules.ts";
import type { NewInvitation } from "./user_input.ts";
import { emailTaken, newMembership, requireWorkspace } from "./users.ts";

export interface InvitationsParts {
  mode: AuthMode;
  /** Origin that people use; null: none is set, so no mail can have a link. */
  publicUrl: string | null;
  store: InvitationStore;
  links: LinkTokenStore;
  accounts: AccountStore;
  memberships: MembershipStore;
  groups: Groups;
  passwords: Passwords;
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  changes: AccessChanges;
}

/** An invitation that was just made, with the link that is shown this once. */
export interface FreshInvitation {
  invitation: Invitation;
  email: string;
  /** Whoever has it can accept. */
  url: string;
  /** A mail with the link is on its way. */
  isSent: boolean;
}

/** What somebody sees who opens the link. */
export interface OpenInvitation {
  email: string;
  /** Name of the workspace. */
  workspace: string;
  role: string;
  /** The address has an account; its user accepts by signing in. */
  hasAccount: boolean;
}

interface FoundInvitation {
  link: FoundLink<"invite">;
  loaded: LoadedInvitation;
  workspace: string;
}

const INVITATION_MS = 7 * 24 * 60 * 60_000;

export class Invitations {
  readonly #parts: InvitationsParts;

  constructor(parts: InvitationsParts) {
    this.#parts = parts;
  }

  /** Those that can be accepted, newest first. */
  async list(
    workspace: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Invitation>> {
    const records = await this.#parts.store.list(
      workspace,
      beforeId("inv", cursor),
      limit + 1,
    );
    const items = records.slice(0, limit).map(toInvitation);
    return {
      items,
      nextCursor: records.length > limit ? items[limit - 1].id : null,
    };
  }

  /** @throws {AppError} 404 `not_found` */
  async require(workspace: string, id: string): Promise<Invitation> {
    return toInvitation((await this.#load(workspace, id)).record);
  }

  /**
   * Invites an address; one that is invited already gets a new link, and the earlier ends.
   * @param origin under which people reach this server, where no setting says so; for the link alone
   * @throws {AppError} 403 `forbidden`, 404 `group_not_found`, 409 `already_member`
   */
  async create(
    caller: Caller,
    input: NewInvitation,
    origin = "",
    workspace = caller.workspace,
  ): Promise<FreshInvitation> {
    requireManages(caller, input.role);
    const { groups, store } = this.#parts;
    await groups.requireAll(workspace, input.groups);
    return await this.#offer(caller, workspace, origin, async () => {
      await this.#requireNotMember(workspace, input.email);
      const before = await store.ofAddress(workspace, input.email);
      const now = store.now();
      return {
        before,
        record: {
          v: 1,
          id: before?.record.id ?? newId("inv"),
          ...input,
          invitedBy: caller.user,
          tokenHash: "",
          createdAt: now,
          expiresAt: now + INVITATION_MS,
          links: before?.record.links ?? 0,
        },
      };
    });
  }

  /**
   * Makes a new link, and mails it; the earlier one ends.
   * @throws {AppError} 403 `forbidden`, 404 `not_found`
   */
  async resend(
    caller: Caller,
    id: string,
    origin = "",
  ): Promise<FreshInvitation> {
    const { workspace } = caller;
    return await this.#offer(caller, workspace, origin, async () => {
      const before = await this.#load(workspace, id);
      requireManages(caller, before.record.role);
      const expiresAt = this.#parts.store.now() + INVITATION_MS;
      return { before, record: { ...before.record, expiresAt } };
    });
  }

  /** @throws {AppError} 403 `forbidden`, 404 `not_found` */
  async revoke(caller: Caller, id: string): Promise<void> {
    const { store, links } = this.#parts;
    const { workspace } = caller;
    await retryOnConflict(async () => {
      const before = await this.#load(workspace, id);
      requireManages(caller, before.record.role);
      const event = auditEvent("user.invited", {
        ...by(caller),
        subject: id,
        details: { email: before.record.email, role: null },
      });
      const ok = await store.commit(
        await store.ending(workspace, before, event),
        links.removal("invite", before.record.tokenHash),
      );
      return ok ? null : "conflict";
    });
  }

  /** What the link of an invitation leads to, or null: it is not good. */
  async open(token: string): Promise<OpenInvitation | null> {
    const found = await this.#find(token);
    if (found === null) return null;
    const { accounts, memberships } = this.#parts;
    const { email, role } = found.loaded.record;
    const [workspace, account] = await Promise.all([
      memberships.workspace(found.workspace),
      accounts.accountByEmail(email),
    ]);
    if (
      workspace.record === null || workspace.record.deletedAt !== undefined
    ) return null;
    return {
      email,
      workspace: workspace.record.name,
      role,
      hasAccount: account !== null,
    };
  }

  /** Workspace of an invitation, or null: its link is not good. */
  async workspaceOf(token: string): Promise<string | null> {
    return (await this.#find(token))?.workspace ?? null;
  }

  /**
   * Puts somebody who has an account into the workspace that they were invited to.
   * @returns `wsp_` id
   * @throws {AppError} 404 `link_invalid`
   */
  async accept(token: string, user: string, address: string): Promise<string> {
    const { accounts } = this.#parts;
    const workspace = await retryOnConflict(async () => {
      const [found, account] = await Promise.all([
        this.#find(token),
        accounts.account(user),
      ]);
      if (found === null || account === null) throw linkInvalid();
      return await this.#join(found, account, address, []);
    });
    this.#parts.changes.tell({ user, workspace });
    return workspace;
  }

  /**
   * Makes the account of somebody who was invited and has none.
   * @returns their `usr_` id and the `wsp_` id of the workspace
   * @throws {AppError} 404 `link_invalid`, 409 `email_taken` or `passwords_off`
   */
  async signUp(
    token: string,
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<{ user: string; workspace: string }> {
    const { mode, accounts, passwords } = this.#parts;
    if (await this.#find(token) === null) throw linkInvalid();
    if (mode === "oidc") throw passwordsOff();
    const hash = await passwords.hash(password);
    const id = newId("usr");
    const workspace = await retryOnConflict(async () => {
      const found = await this.#find(token);
      if (found === null) throw linkInvalid();
      const { email } = found.loaded.record;
      if (await accounts.accountByEmail(email) !== null) throw emailTaken();
      const now = accounts.timestamp();
      const user: UserRecord = {
        v: 1,
        id,
        email,
        name,
        createdAt: now,
        updatedAt: now,
        version: 1,
      };
      const nothing = { record: null, versionstamp: null };
      const event = auditEvent("user.created", {
        actor: { user: id, key: null },
        address,
        subject: id,
        details: {
          email,
          name,
          role: found.loaded.record.role,
          by: "invitation",
        },
      });
      return await this.#join(
        found,
        { user, access: nothing },
        address,
        [
          accounts.creation(user),
          accounts.passwordChange(id, nothing, hash, accounts.now()),
          accounts.note(found.workspace, event),
        ],
      );
    });
    return { user: id, workspace };
  }

  /** Uses an invitation up; of several who do so at once, one gets in. */
  async #join(
    { link, loaded, workspace }: FoundInvitation,
    { user, access }: Pick<Account, "user" | "access">,
    address: string,
    parts: Parameters<AccountStore["commit"]>,
  ): Promise<string | "conflict"> {
    const { store, links, accounts, memberships } = this.#parts;
    const before = await memberships.membership(workspace, user.id);
    requireWorkspace(before);
    const { role, groups } = loaded.record;
    const isThere = before.membership.record !== null;
    const event = auditEvent("role.changed", {
      actor: { user: user.id, key: null },
      address,
      subject: user.id,
      details: { email: user.email, after: role, by: "invitation" },
    });
    const ok = await store.commit(
      ...parts,
      await store.ending(workspace, loaded, null),
      links.use("invite", link),
      ...(isThere ? [] : [
        accounts.accessChange(user.id, access),
        memberships.change(
          workspace,
          user.id,
          before,
          newMembership(user.id, role, groups, accounts.timestamp()),
        ),
        accounts.note(workspace, event),
      ]),
    );
    return ok ? workspace : "conflict";
  }

  async #offer(
    caller: Caller,
    workspace: string,
    origin: string,
    make: () => Promise<
      { before: LoadedInvitation | null; record: InvitationRecord }
    >,
  ): Promise<FreshInvitation> {
    const { store, links, mailer, publicUrl } = this.#parts;
    const isSent = mailer.isOn && publicUrl !== null;
    const fresh = await retryOnConflict(async () => {
      const { before, record: asked } = await make();
      const token = newSecretToken();
      const record = {
        ...asked,
        tokenHash: hashOf(token),
        links: asked.links + 1,
      };
      const { id, email, role, expiresAt } = record;
      const url = `${publicUrl ?? origin}/invite?token=${token}`;
      const event = auditEvent("user.invited", {
        ...by(caller),
        subject: id,
        details: {
          email,
          role,
          expiresAt: new Date(expiresAt).toISOString(),
        },
      });
      const link = links.creation("invite", token, {
        v: 1,
        expiresAt,
        workspace,
        invitation: id,
      });
      if (isSent) {
        await mailer.add(link, {
          id: `${id}-${record.links}`,
          workspace,
          to: email,
          expiresAt,
          ...invitationMail({
            ...await this.#words(caller, workspace),
            role,
            link: url,
            expiresAt,
          }),
        });
      }
      const ok = await store.commit(
        await store.keeping(workspace, before, record, event),
        link,
        ...(before === null
          ? []
          : [links.removal("invite", before.record.tokenHash)]),
      );
      return ok
        ? { invitation: toInvitation(record), email, url, isSent }
        : "conflict";
    });
    if (isSent) mailer.wake();
    return fresh;
  }

  /** Who invites where, as the mail says it. */
  async #words(caller: Caller, workspace: string) {
    const { accounts, memberships } = this.#parts;
    const [user, there] = await Promise.all([
      accounts.user(caller.user),
      memberships.workspace(workspace),
    ]);
    return {
      workspace: there.record?.name ?? "Freshet",
      inviter: user.record?.name ?? "An admin",
    };
  }

  async #requireNotMember(workspace: string, email: string): Promise<void> {
    const { accounts, memberships } = this.#parts;
    const account = await accounts.accountByEmail(email);
    if (account === null) return;
    const { membership } = await memberships
      .membership(workspace, account.user.id);
    if (membership.record === null) return;
    throw new AppError({
      status: 409,
      code: "already_member",
      message: "Whoever has this address is in the workspace already.",
    });
  }

  async #load(workspace: string, id: string): Promise<LoadedInvitation> {
    const loaded = isId("inv", id)
      ? await this.#parts.store.invitation(workspace, id)
      : null;
    if (loaded === null) throw notFound("invitation");
    return loaded;
  }

  async #find(token: string): Promise<FoundInvitation | null> {
    const { links, store } = this.#parts;
    const link = await links.find("invite", token);
    if (link === null) return null;
    const { workspace, invitation } = link.record;
    const loaded = await store.invitation(workspace, invitation);
    return loaded === null || loaded.record.tokenHash !== link.hash
      ? null
      : { link, loaded, workspace };
  }
}

function toInvitation(record: InvitationRecord): Invitation {
  return {
    id: record.id,
    email: record.email,
    role: record.role,
    groups: record.groups,
    invitedBy: record.invitedBy,
    createdAt: new Date(record.createdAt).toISOString(),
    expiresAt: new Date(record.expiresAt).toISOString(),
  };
}

/** 409: people get in by the identity provider alone. */
function passwordsOff(): AppError {
  return new AppError({
    status: 409,
    code: "passwords_off",
    message:
      "People get into this server by its identity provider. Sign in there to accept.",
  });
}
