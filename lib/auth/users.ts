/** Users as a workspace sees them: an account, which is theirs alone, and what they are in the workspace. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { invalidCursor } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Page, User } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { Account, AccountStore } from "./account_store.ts";
import type { Caller } from "./caller.ts";
import type { Groups } from "./groups.ts";
import type { LoadedMembership, MembershipStore } from "./membership_store.ts";
import type { Passwords } from "./passwords.ts";
import type { MembershipRecord, Standing, UserRecord } from "./records.ts";
import { requireManages } from "./role_rules.ts";
import type { Sessions } from "./sessions.ts";
import type { NewUser, UserPatch } from "./user_input.ts";

/** Decides whether a change may be made to this version; throws when not. */
export type AcceptVersion = (version: number) => void;

export interface UsersParts {
  accounts: AccountStore;
  memberships: MembershipStore;
  groups: Groups;
  passwords: Passwords;
  sessions: Sessions;
  changes: AccessChanges;
  /** Ends the keys of somebody who is taken out: they would work again if they came back. */
  endKeys: (workspace: string, user: string) => Promise<void>;
}

/** A user of a workspace with what a change of them checks. */
interface LoadedUser extends LoadedMembership {
  account: Account;
  membership: { record: MembershipRecord; versionstamp: string };
}

export class Users {
  readonly #parts: UsersParts;

  constructor(parts: UsersParts) {
    this.#parts = parts;
  }

  /** What a user may do in a workspace, or null: nothing (no longer, or never). */
  async caller(user: string, workspace: string): Promise<Standing | null> {
    return await this.#parts.memberships.standing(workspace, user);
  }

  /** Those of some memberships that are over. */
  async notMembers<Ref extends { user: string; workspace: string }>(
    refs: readonly Ref[],
  ): Promise<Ref[]> {
    const are = await this.#parts.memberships.areMembers(refs);
    return refs.filter((_, index) => !are[index]);
  }

  /** The account of an address, or null. @param email normalised */
  async findByEmail(email: string): Promise<UserRecord | null> {
    return (await this.#parts.accounts.accountByEmail(email))?.user ?? null;
  }

  /** The account with this id, or null. */
  async account(user: string): Promise<UserRecord | null> {
    return (await this.#parts.accounts.user(user)).record;
  }

  /** Those of the accounts that are there, whatever workspace they are in. */
  async accounts(users: readonly string[]): Promise<UserRecord[]> {
    return await this.#parts.accounts.users(users);
  }

  /** By id; those who came first are first. */
  async list(
    workspace: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<User>> {
    if (cursor !== null && !isId("usr", cursor)) throw invalidCursor();
    const { accounts, memberships } = this.#parts;
    const found = await memberships.list(workspace, cursor, limit + 1);
    const page = found.slice(0, limit);
    const users = new Map(
      (await accounts.users(page.map(({ user }) => user)))
        .map((record) => [record.id, record]),
    );
    const items = await Promise.all(page.flatMap((membership) => {
      const user = users.get(membership.user);
      return user === undefined ? [] : [this.#show(user, membership)];
    }));
    return {
      items,
      nextCursor: found.length > limit ? page[limit - 1].user : null,
    };
  }

  /** @throws {AppError} 404 `not_found` */
  async require(workspace: string, id: string): Promise<User> {
    const { account, membership } = await this.#load(workspace, id);
    return await this.#show(account.user, membership.record);
  }

  /**
   * Makes an account with a password and puts it into a workspace.
   * @throws {AppError} 403 `forbidden`, 404 `group_not_found`, 409 `email_taken`
   */
  async create(
    caller: Caller,
    workspace: string,
    input: Omit<NewUser, "password"> & { password: string },
  ): Promise<User> {
    requireManages(caller, input.role);
    const { accounts, memberships, groups, passwords } = this.#parts;
    await groups.requireAll(workspace, input.groups);
    if (await accounts.accountByEmail(input.email) !== null) throw emailTaken();
    const hash = await passwords.hash(input.password);
    const now = accounts.timestamp();
    const user: UserRecord = {
      v: 1,
      id: newId("usr"),
      email: input.email,
      name: input.name ?? nameFrom(input.email),
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const membership = newMembership(user.id, input.role, input.groups, now);
    const event = auditEvent("user.created", {
      ...by(caller),
      subject: user.id,
      details: {
        email: input.email,
        name: user.name,
        role: input.role,
        by: "admin",
      },
    });
    return await retryOnConflict(async () => {
      const before = await memberships.membership(workspace, user.id);
      requireWorkspace(before);
      const nothing = { record: null, versionstamp: null };
      const ok = await accounts.commit(
        accounts.creation(user),
        accounts.passwordChange(user.id, nothing, hash, accounts.now()),
        accounts.accessChange(user.id, nothing),
        memberships.change(workspace, user.id, before, membership),
        accounts.note(workspace, event),
      );
      if (ok) return await this.#show(user, membership);
      const other = await accounts.accountByEmail(input.email);
      if (other !== null) throw emailTaken();
      return "conflict";
    });
  }

  /**
   * Changes what the patch names. The name is the account's and is changed by its user, or by whoever
   * runs the server; the rest is the workspace's.
   * @throws {AppError} 403 `forbidden`, 404 `not_found` or `group_not_found`, 409 `last_owner`; what
   * `accept` throws
   */
  async update(
    caller: Caller,
    workspace: string,
    id: string,
    patch: UserPatch,
    accept: AcceptVersion,
  ): Promise<User> {
    if (patch.groups) {
      await this.#parts.groups.requireAll(workspace, patch.groups);
    }
    const changed = await retryOnConflict(async () => {
      const old = await this.#load(workspace, id);
      accept(versionOf(old.account.user, old.membership.record));
      this.#requireMayChange(caller, old, patch);
      return await this.#change(caller, workspace, old, patch);
    });
    this.#parts.changes.tell({ user: id, workspace });
    if (changed.membership.isDisabled) {
      await this.#parts.sessions.endIn(id, workspace);
    }
    return await this.#show(changed.user, changed.membership);
  }

  /**
   * Takes a user out of a workspace. The account stays, for other workspaces and for its address.
   * @throws {AppError} 403 `forbidden`, 404 `not_found`, 409 `last_owner`; what `accept` throws
   */
  async remove(
    caller: Caller,
    workspace: string,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { accounts, memberships } = this.#parts;
    await retryOnConflict(async () => {
      const old = await this.#load(workspace, id);
      const { account, membership } = old;
      accept(versionOf(account.user, membership.record));
      if (id !== caller.user) requireManages(caller, membership.record.role);
      const event = auditEvent("user.removed", {
        ...by(caller),
        subject: id,
        details: { email: account.user.email, role: membership.record.role },
      });
      const ok = await accounts.commit(
        accounts.accessChange(id, account.access),
        memberships.change(workspace, id, old, null),
        accounts.note(workspace, event),
      );
      return ok ? null : "conflict";
    });
    this.#parts.changes.tell({ user: id, workspace });
    await Promise.all([
      this.#parts.sessions.endIn(id, workspace),
      this.#parts.endKeys(workspace, id),
    ]);
  }

  /**
   * Ends the sessions of a user that act in a workspace. They may sign in again; their keys stay.
   * @throws {AppError} 403 `forbidden`, 404 `not_found`
   */
  async signOut(caller: Caller, workspace: string, id: string): Promise<void> {
    const { accounts, sessions } = this.#parts;
    await retryOnConflict(async () => {
      const { account, membership } = await this.#load(workspace, id);
      if (id !== caller.user) requireManages(caller, membership.record.role);
      const event = auditEvent("session.revoked", {
        ...by(caller),
        subject: id,
        details: { user: id, reason: "signed out by an admin" },
      });
      const ok = await accounts.commit(
        accounts.accessChange(id, account.access),
        accounts.note(workspace, event),
      );
      return ok ? null : "conflict";
    });
    await sessions.endIn(id, workspace);
  }

  /** Changes the name of the caller's own account. */
  async rename(caller: Caller, name: string): Promise<void> {
    await this.update(
      caller,
      caller.workspace,
      caller.user,
      { name },
      () => {},
    );
  }

  async #change(
    caller: Caller,
    workspace: string,
    old: LoadedUser,
    patch: UserPatch,
  ): Promise<{ user: UserRecord; membership: MembershipRecord } | "conflict"> {
    const { accounts, memberships } = this.#parts;
    const { account } = old;
    const before = old.membership.record;
    const now = accounts.timestamp();
    const user = patch.name === undefined || patch.name === account.user.name
      ? account.user
      : {
        ...account.user,
        name: patch.name,
        ...nextVersion(account.user, now),
      };
    const membership = membershipAfter(before, patch, now);
    const parts = [];
    if (user !== account.user) parts.push(accounts.replacement(account, user));
    if (membership !== before) {
      parts.push(
        accounts.accessChange(user.id, account.access),
        memberships.change(workspace, user.id, old, membership),
      );
    }
    if (parts.length === 0) return { user, membership };
    const events = changeEvents(caller, user, before, membership, patch);
    const notes = events.map((event) => accounts.note(workspace, event));
    const ok = await accounts.commit(...parts, ...notes);
    return ok ? { user, membership } : "conflict";
  }

  #requireMayChange(caller: Caller, old: LoadedUser, patch: UserPatch): void {
    const { name, role, groups, disabled } = patch;
    const { id } = old.account.user;
    if (name !== undefined && id !== caller.user && !caller.isOperator) {
      throw new AppError({
        status: 403,
        code: "forbidden",
        message:
          "The name of an account is changed by its user, or by an admin of the server.",
      });
    }
    if (
      role === undefined && groups === undefined && disabled === undefined
    ) return;
    requireManages(caller, old.membership.record.role);
    if (role !== undefined) requireManages(caller, role);
  }

  async #load(workspace: string, id: string): Promise<LoadedUser> {
    const { accounts, memberships } = this.#parts;
    if (!isId("usr", id)) throw notFound("user");
    const [account, loaded] = await Promise.all([
      accounts.account(id),
      memberships.membership(workspace, id),
    ]);
    const { membership } = loaded;
    if (account === null || membership.record === null) throw notFound("user");
    return { ...loaded, account, membership };
  }

  async #show(user: UserRecord, membership: MembershipRecord): Promise<User> {
    const seen = await this.#parts.sessions.summary(user.id);
    const updatedAt = user.updatedAt > membership.updatedAt
      ? user.updatedAt
      : membership.updatedAt;
    return {
      id: user.id,
      email: user.email,
      name: user.name,
      role: membership.role,
      groups: membership.groups,
      disabled: membership.isDisabled,
      ...seen,
      createdAt: membership.createdAt,
      updatedAt,
      version: versionOf(user, membership),
    };
  }
}

/** Each change of either raises it by one. */
function versionOf(user: UserRecord, membership: MembershipRecord): number {
  return user.version + membership.version - 1;
}

function nextVersion(
  { version }: { version: number },
  now: string,
): { version: number; updatedAt: string } {
  return { version: version + 1, updatedAt: now };
}

function membershipAfter(
  before: MembershipRecord,
  { role, groups, disabled }: UserPatch,
  now: string,
): MembershipRecord {
  const after = {
    ...before,
    role: role ?? before.role,
    groups: groups ?? before.groups,
    isDisabled: disabled ?? before.isDisabled,
  };
  const isSame = after.role === before.role &&
    after.isDisabled === before.isDisabled &&
    after.groups.join() === before.groups.join();
  return isSame ? before : { ...after, ...nextVersion(before, now) };
}

function changeEvents(
  caller: Caller,
  { id, email }: UserRecord,
  before: MembershipRecord,
  after: MembershipRecord,
  patch: UserPatch,
) {
  const events = [auditEvent("user.updated", {
    ...by(caller),
    subject: id,
    details: {
      fields: Object.keys(patch),
      isDisabled: after.isDisabled,
    },
  })];
  if (before.role !== after.role) {
    events.push(auditEvent("role.changed", {
      ...by(caller),
      subject: id,
      details: { email, before: before.role, after: after.role, by: "admin" },
    }));
  }
  return events;
}

/** A membership that begins. */
export function newMembership(
  user: string,
  role: MembershipRecord["role"],
  groups: string[],
  now: string,
): MembershipRecord {
  return {
    v: 1,
    user,
    role,
    groups,
    isDisabled: false,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

/** What somebody is called until they say so themselves. */
export function nameFrom(email: string): string {
  return email.slice(0, email.indexOf("@"));
}

/** @throws {AppError} 404 `not_found` when the workspace is not there, or no longer */
export function requireWorkspace({ workspace }: LoadedMembership): void {
  if (workspace.record === null || workspace.record.deletedAt !== undefined) {
    throw notFound("workspace");
  }
}

/** 409: two accounts cannot have one address. */
export function emailTaken(): AppError {
  return new AppError({
    status: 409,
    code: "email_taken",
    message:
      "This address has an account already. Invite it (leave out the password), so that its user can agree.",
  });
}
