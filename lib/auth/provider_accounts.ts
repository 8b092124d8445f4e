/** Accounts of people that an identity provider vouches for. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { Account, AccountStore } from "./account_store.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { normaliseEmail } from "./email.ts";
import type { Groups } from "./groups.ts";
import type { LoadedMembership, MembershipStore } from "./membership_store.ts";
import type { MembershipRecord, UserRecord } from "./records.ts";
import type { Role } from "./roles.ts";
import { MAX_NAME_CHARACTERS } from "./user_input.ts";
import { nameFrom, newMembership } from "./users.ts";

/** What an identity provider says of somebody. */
export interface ProviderPerson {
  issuer: string;
  subject: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  /** Names of groups; null: the provider tells none, and groups stay as they are. */
  groups: readonly string[] | null;
  /** What their groups are mapped to in the first workspace; null: nothing, and roles stay as they are. */
  role: Role | null;
  /** What somebody gets who is new and whose groups are mapped to nothing; null: new people are refused. */
  defaultRole: Role | null;
}

export type ProviderSignIn =
  | { state: "ok"; user: string; workspace: string; isNew: boolean }
  | {
    state: "refused";
    /**
     * `email_unverified`: their address is not theirs for sure and names no account they own;
     * `email_taken`: the account of their address is somebody else's at the provider;
     * `not_invited`: nobody has let them in; `disabled`: they were shut out.
     */
    reason: "email_unverified" | "email_taken" | "not_invited" | "disabled";
  };

export interface ProviderAccountsParts {
  accounts: AccountStore;
  memberships: MembershipStore;
  groups: Groups;
  changes: AccessChanges;
}

export class ProviderAccounts {
  readonly #parts: ProviderAccountsParts;

  constructor(parts: ProviderAccountsParts) {
    this.#parts = parts;
  }

  /**
   * Finds or makes the account of somebody who has signed in at the provider: by issuer and subject, else
   * by a verified address, to which they are bound from then on. Their mapped role and groups are applied
   * to the first workspace each time; the last owner stays one.
   * @param invitedTo workspace of an invitation that is accepted next; lets in who is new
   */
  async signIn(
    person: ProviderPerson,
    invitedTo: string | null = null,
  ): Promise<ProviderSignIn> {
    const result = await retryOnConflict(() => this.#once(person, invitedTo));
    if (result.state === "ok") {
      this.#parts.changes.tell({ user: result.user, workspace: null });
    }
    return result;
  }

  async #once(
    person: ProviderPerson,
    invitedTo: string | null,
  ): Promise<ProviderSignIn | "conflict"> {
    const { accounts, memberships } = this.#parts;
    const { issuer, subject } = person;
    const bound = await accounts.identity(issuer, subject);
    const email = person.email === null || !person.emailVerified
      ? null
      : normaliseEmail(person.email);
    const account = bound.record !== null
      ? await accounts.account(bound.record.user)
      : email === null
      ? null
      : await accounts.accountByEmail(email);
    if (account === null && email === null) {
      return { state: "refused", reason: "email_unverified" };
    }
    const identity = { issuer, subject };
    const isBound = bound.record !== null && account !== null;
    // An address that was given to somebody new must not give them the account of who had it before.
    if (!isBound && account?.user.identity?.issuer === issuer) {
      return { state: "refused", reason: "email_taken" };
    }
    const user = account === null
      ? newUser(email!, person.name, identity, accounts.timestamp())
      : account.user;
    const first = await memberships.membership(FIRST_WORKSPACE, user.id);
    const isLost = hasLostRole(person, first.membership.record);
    const role = person.role ??
      (isLost ? person.defaultRole : first.membership.record?.role) ??
      (account === null ? person.defaultRole : null);
    const parts = [];
    if (account === null) {
      if (role === null && invitedTo === null) {
        return { state: "refused", reason: "not_invited" };
      }
      parts.push(accounts.creation(user));
    }
    if (!isBound) {
      parts.push(
        accounts.binding(bound, { v: 1, user: user.id, ...identity }),
      );
      if (account !== null) {
        parts.push(accounts.replacement(account, { ...user, identity }));
      }
    }
    parts.push(...await this.#applied(person, account, user, first, role));
    if (parts.length > 0 && !await accounts.commit(...parts)) {
      return "conflict";
    }
    const workspace = invitedTo ?? await this.#workspaceOf(user.id);
    if (workspace === null) {
      const isDisabled = first.membership.record?.isDisabled === true;
      return {
        state: "refused",
        reason: isDisabled ? "disabled" : "not_invited",
      };
    }
    return {
      state: "ok",
      user: user.id,
      workspace,
      isNew: account === null,
    };
  }

  /** What the provider's word changes in the first workspace, with the events that tell of it. */
  async #applied(
    person: ProviderPerson,
    account: Account | null,
    user: UserRecord,
    first: LoadedMembership,
    role: Role | null,
  ) {
    const { accounts, memberships, groups } = this.#parts;
    const note = (event: Parameters<AccountStore["note"]>[1]) =>
      accounts.note(FIRST_WORKSPACE, event);
    const created = account === null
      ? [note(auditEvent("user.created", {
        actor: null,
        subject: user.id,
        details: { email: user.email, name: user.name, role, by: "oidc" },
      }))]
      : [];
    const nothing = { record: null, versionstamp: null };
    const access = account?.access ?? nothing;
    const before = first.membership.record;
    if (role === null && hasLostRole(person, before)) {
      return this.#shutOut(user, first, access);
    }
    // Whom an admin has taken out of the workspace stays out, unless their groups say otherwise.
    if (
      role === null || (before === null && person.role === null &&
        account !== null)
    ) {
      return account === null
        ? [accounts.accessChange(user.id, access), ...created]
        : [];
    }
    const now = accounts.timestamp();
    const ids = person.groups === null
      ? before?.groups ?? []
      : await groups.byNames(FIRST_WORKSPACE, person.groups);
    const mappedRole = person.role ?? undefined;
    const after = before === null
      ? { ...newMembership(user.id, role, ids, now), mappedRole }
      : changed(before, {
        role: isLastOwner(first, before) ? "owner" : role,
        groups: ids,
        mappedRole: person.groups === null ? before.mappedRole : mappedRole,
      }, now);
    if (after === before) return [];
    const events = before !== null && before.role !== after.role
      ? [note(auditEvent("role.changed", {
        actor: null,
        subject: user.id,
        details: {
          email: user.email,
          before: before.role,
          after: after.role,
          by: "oidc",
        },
      }))]
      : [];
    return [
      memberships.change(FIRST_WORKSPACE, user.id, first, after),
      accounts.accessChange(user.id, access),
      ...created,
      ...events,
    ];
  }

  /** Takes out of the first workspace whom only groups had put there that they are in no longer. */
  #shutOut(
    user: UserRecord,
    first: LoadedMembership,
    access: Account["access"],
  ) {
    const { accounts, memberships } = this.#parts;
    const { membership: { record } } = first;
    if (record === null || isLastOwner(first, record)) return [];
    return [
      memberships.change(FIRST_WORKSPACE, user.id, first, null),
      accounts.accessChange(user.id, access),
      accounts.note(
        FIRST_WORKSPACE,
        auditEvent("user.removed", {
          actor: null,
          subject: user.id,
          details: { email: user.email, role: record.role },
        }),
      ),
    ];
  }

  async #workspaceOf(user: string): Promise<string | null> {
    const there = await this.#parts.memberships.workspacesOf(user);
    const first = there.find(({ membership }) => !membership.isDisabled);
    return first?.workspace.id ?? null;
  }
}

/** Whether somebody has their role from groups of the provider that they are in no longer. */
function hasLostRole(
  { role, groups }: ProviderPerson,
  before: MembershipRecord | null,
): boolean {
  return role === null && groups !== null && before !== null &&
    before.mappedRole === before.role;
}

/** The last owner stays one, whatever the provider says. */
function isLastOwner(
  { owners }: LoadedMembership,
  { user }: MembershipRecord,
): boolean {
  const users = owners.record?.users ?? [];
  return users.length === 1 && users[0] === user;
}

function changed(
  before: MembershipRecord,
  after: Pick<MembershipRecord, "role" | "groups" | "mappedRole">,
  now: string,
): MembershipRecord {
  const isSame = before.role === after.role &&
    before.mappedRole === after.mappedRole &&
    before.groups.toSorted().join() === after.groups.toSorted().join();
  return isSame
    ? before
    : { ...before, ...after, updatedAt: now, version: before.version + 1 };
}

/** A name of another program as one that this one takes. */
function tidyName(text: string): string {
  const line = text.normalize("NFC").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return [...line].slice(0, MAX_NAME_CHARACTERS).join("").toWellFormed();
}

function newUser(
  email: string,
  name: string | null,
  identity: UserRecord["identity"],
  now: string,
): UserRecord {
  return {
    v: 1,
    id: newId("usr"),
    email,
    name: tidyName(name ?? "") || nameFrom(email),
    identity,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}
