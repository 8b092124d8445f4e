/** Workspaces: the tenants of a server. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { Workspace } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { AccountStore } from "./account_store.ts";
import type { Caller } from "./caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { Loaded, MembershipRecord, WorkspaceRecord } from "./records.ts";
import type { NewWorkspace, WorkspacePatch } from "./user_input.ts";
import { newMembership } from "./users.ts";

type AcceptVersion = (version: number) => void;

export interface WorkspacesParts {
  accounts: AccountStore;
  memberships: MembershipStore;
  changes: AccessChanges;
}

export class Workspaces {
  readonly #parts: WorkspacesParts;

  constructor(parts: WorkspacesParts) {
    this.#parts = parts;
  }

  /** Those a user may act in, oldest first. */
  async list(user: string): Promise<Workspace[]> {
    const there = await this.#parts.memberships.workspacesOf(user);
    return there.filter(({ membership }) => !membership.isDisabled)
      .map(({ workspace, membership }) => show(workspace, membership));
  }

  /** A workspace as it is stored, or null: unknown or deleted. */
  async find(id: string): Promise<WorkspaceRecord | null> {
    if (!isId("wsp", id)) return null;
    const { record } = await this.#parts.memberships.workspace(id);
    return record === null || record.deletedAt !== undefined ? null : record;
  }

  /** One that the user may act in. @throws {AppError} 404 `not_found` */
  async require(user: string, id: string): Promise<Workspace> {
    const { workspace, membership } = await this.#load(user, id);
    return show(workspace.record, membership);
  }

  /** Makes a workspace; the caller becomes its owner. */
  async create(caller: Caller, { name }: NewWorkspace): Promise<Workspace> {
    const { accounts, memberships } = this.#parts;
    const now = accounts.timestamp();
    const workspace: WorkspaceRecord = {
      v: 1,
      id: newId("wsp"),
      name,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const membership = newMembership(caller.user, "owner", [], now);
    const event = auditEvent("workspace.created", {
      ...by(caller),
      subject: workspace.id,
      details: { name },
    });
    return await retryOnConflict(async () => {
      const [access, before] = await Promise.all([
        accounts.access(caller.user),
        memberships.membership(workspace.id, caller.user),
      ]);
      const ok = await accounts.commit(
        memberships.workspaceCreation(workspace),
        memberships.change(workspace.id, caller.user, before, membership),
        accounts.accessChange(caller.user, access),
        accounts.note(FIRST_WORKSPACE, event),
        accounts.note(workspace.id, event),
      );
      return ok ? show(workspace, membership) : "conflict";
    });
  }

  /** @throws {AppError} 403 `forbidden`, 404 `not_found`; what `accept` throws */
  async update(
    caller: Caller,
    id: string,
    patch: WorkspacePatch,
    accept: AcceptVersion,
  ): Promise<Workspace> {
    const { accounts, memberships } = this.#parts;
    return await retryOnConflict(async () => {
      const { workspace, membership } = await this.#loadOwned(caller, id);
      const old = workspace.record;
      accept(old.version);
      const before = old.threadsDays ?? null;
      const name = patch.name ?? old.name;
      const threadsDays = patch.threadsDays === undefined
        ? before
        : patch.threadsDays;
      const events = [];
      if (name !== old.name) {
        events.push(auditEvent("workspace.changed", {
          ...by(caller),
          subject: id,
          details: { change: "renamed", before: old.name, after: name },
        }));
      }
      if (threadsDays !== before) {
        events.push(auditEvent("workspace.changed", {
          ...by(caller),
          subject: id,
          details: { change: "threadsDays", before, after: threadsDays },
        }));
      }
      if (events.length === 0) return show(old, membership);
      const record = {
        ...old,
        name,
        threadsDays,
        updatedAt: accounts.timestamp(),
        version: old.version + 1,
      };
      const ok = await accounts.commit(
        memberships.workspaceReplacement(workspace, record),
        ...events.map((event) => accounts.note(id, event)),
      );
      return ok ? show(record, membership) : "conflict";
    });
  }

  /**
   * Deletes a workspace: from now on nobody gets into it. What is in it is removed afterwards.
   * @throws {AppError} 403 `forbidden`, 404 `not_found`, 409 `first_workspace`; what `accept` throws
   */
  async delete(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { accounts, memberships } = this.#parts;
    await retryOnConflict(async () => {
      const { workspace } = await this.#loadOwned(caller, id);
      const old = workspace.record;
      accept(old.version);
      if (id === FIRST_WORKSPACE) throw firstWorkspace();
      const event = auditEvent("workspace.changed", {
        ...by(caller),
        subject: id,
        details: { change: "deleted", before: old.name },
      });
      const ok = await accounts.commit(
        memberships.workspaceReplacement(workspace, {
          ...old,
          deletedAt: accounts.now(),
          version: old.version + 1,
        }),
        accounts.note(FIRST_WORKSPACE, event),
      );
      return ok ? null : "conflict";
    });
    // Whoever else is in it loses it within a second, when they are looked up again.
    this.#parts.changes.tell({ user: caller.user, workspace: id });
  }

  async #loadOwned(caller: Caller, id: string) {
    const loaded = await this.#load(caller.user, id);
    if (loaded.membership.role === "owner") return loaded;
    throw new AppError({
      status: 403,
      code: "forbidden",
      message: "This takes an owner of the workspace.",
    });
  }

  async #load(user: string, id: string): Promise<{
    workspace: Loaded<WorkspaceRecord> & { record: WorkspaceRecord };
    membership: MembershipRecord;
  }> {
    if (!isId("wsp", id)) throw notFound("workspace");
    const { workspace, membership } = await this.#parts.memberships
      .membership(id, user);
    if (
      workspace.record === null || workspace.record.deletedAt !== undefined ||
      membership.record === null || membership.record.isDisabled
    ) {
      throw notFound("workspace");
    }
    return { workspace, membership: membership.record };
  }
}

function show(
  { id, name, threadsDays = null, createdAt, updatedAt, version }:
    WorkspaceRecord,
  { role }: MembershipRecord,
): Workspace {
  return { id, name, role, threadsDays, createdAt, updatedAt, version };
}

function firstWorkspace(): AppError {
  return new AppError({
    status: 409,
    code: "first_workspace",
    message: "The first workspace of a server cannot be deleted.",
  });
}
