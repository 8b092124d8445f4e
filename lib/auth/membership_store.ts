/** Reads and writes of workspaces and who is in them. A workspace is never left without an owner. */
import { AppError } from "@/lib/errors.ts";
import * as keys from "@/lib/kv/keys.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type {
  Loaded,
  MembershipRecord,
  OwnersRecord,
  Standing,
  WorkspaceRecord,
} from "./records.ts";
import { isAtLeast } from "./roles.ts";
import { loaded, UnitStore } from "./unit_store.ts";

/** A membership with what a change of it checks. */
export interface LoadedMembership {
  workspace: Loaded<WorkspaceRecord>;
  membership: Loaded<MembershipRecord>;
  owners: Loaded<OwnersRecord>;
}

export class MembershipStore extends UnitStore {
  async workspace(id: string): Promise<Loaded<WorkspaceRecord>> {
    return await this.load<WorkspaceRecord>(keys.workspaceKey(id));
  }

  async membership(
    workspace: string,
    user: string,
  ): Promise<LoadedMembership> {
    const [space, membership, owners] = await getMany<
      [WorkspaceRecord, MembershipRecord, OwnersRecord]
    >(this.store, [
      keys.workspaceKey(workspace),
      keys.membershipKey(workspace, user),
      keys.ownersKey(workspace),
    ]);
    return {
      workspace: loaded(space),
      membership: loaded(membership),
      owners: loaded(owners),
    };
  }

  /** What a user may do in a workspace, or null: nothing. */
  async standing(workspace: string, user: string): Promise<Standing | null> {
    const rows = await getMany<StandingRows>(
      this.store,
      standingKeys(workspace, user),
    );
    return standingOf(...rows);
  }

  /** Whether users may act in workspaces, in the order asked for. */
  async areMembers(
    refs: readonly { user: string; workspace: string }[],
  ): Promise<boolean[]> {
    const entries = await getMany(
      this.store,
      refs.flatMap(({ user, workspace }) => [
        keys.workspaceKey(workspace),
        keys.membershipKey(workspace, user),
      ]),
    );
    return refs.map((_, index) => {
      const workspace = entries[2 * index].value as WorkspaceRecord | null;
      const membership = entries[2 * index + 1].value as
        | MembershipRecord
        | null;
      return workspace !== null && workspace.deletedAt === undefined &&
        membership !== null && !membership.isDisabled;
    });
  }

  /** The memberships of a workspace, by user id, after the given one (null: all). */
  async list(
    workspace: string,
    after: string | null,
    limit: number,
  ): Promise<MembershipRecord[]> {
    const rows = list<MembershipRecord>(
      this.store,
      keys.memberships(workspace, after),
      { limit },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** Where a user is, with the workspaces, oldest workspace first; deleted ones are left out. */
  async workspacesOf(
    user: string,
  ): Promise<{ workspace: WorkspaceRecord; membership: MembershipRecord }[]> {
    const rows = list(this.store, keys.userWorkspaces(user));
    const ids = (await Array.fromAsync(rows)).map(({ key }) =>
      keys.parseUserWorkspaceKey(key)
    );
    const entries = await getMany(
      this.store,
      ids.flatMap((id) => [
        keys.workspaceKey(id),
        keys.membershipKey(id, user),
      ]),
    );
    return ids.flatMap((_, index) => {
      const workspace = entries[2 * index].value as WorkspaceRecord | null;
      const membership = entries[2 * index + 1].value as
        | MembershipRecord
        | null;
      return workspace === null || membership === null ||
          workspace.deletedAt !== undefined
        ? []
        : [{ workspace, membership }];
    });
  }

  workspaceCreation(record: WorkspaceRecord): UnitOfWork {
    return new UnitOfWork().guard(keys.workspaceKey(record.id), null, record);
  }

  workspaceReplacement(
    { versionstamp }: Loaded<WorkspaceRecord>,
    record: WorkspaceRecord,
  ): UnitOfWork {
    return new UnitOfWork()
      .guard(keys.workspaceKey(record.id), versionstamp, record);
  }

  /**
   * Makes, changes (both given) or ends (`after` null) a membership. Has no guard of its own where it
   * ends one: commit it with a change of the user's access.
   * @throws {AppError} 409 `last_owner` when no owner would be left
   */
  change(
    workspace: string,
    user: string,
    { membership, owners }: Pick<LoadedMembership, "membership" | "owners">,
    after: MembershipRecord | null,
  ): UnitOfWork {
    const key = keys.membershipKey(workspace, user);
    const unit = new UnitOfWork();
    if (after === null) {
      unit.check(key, membership.versionstamp)
        .delete(key)
        .delete(keys.userWorkspaceKey(user, workspace));
    } else {
      unit.guard(key, membership.versionstamp, after);
      if (membership.record === null) {
        unit.set(keys.userWorkspaceKey(user, workspace), { v: 1 });
      }
    }
    if (isActiveOwner(membership.record) === isActiveOwner(after)) return unit;
    const others = (owners.record?.users ?? []).filter((id) => id !== user);
    const users = isActiveOwner(after) ? [...others, user] : others;
    if (users.length === 0) throw lastOwner();
    const record: OwnersRecord = { v: 1, users };
    return unit
      .guard(keys.ownersKey(workspace), owners.versionstamp, record);
  }
}

function isActiveOwner(record: MembershipRecord | null): boolean {
  return record !== null && record.role === "owner" && !record.isDisabled;
}

function lastOwner(): AppError {
  return new AppError({
    status: 409,
    code: "last_owner",
    message:
      "This is the last owner of the workspace. Make somebody else an owner first.",
  });
}

/** The rows that `standingKeys` leads to. */
export type StandingRows = [
  WorkspaceRecord,
  MembershipRecord,
  MembershipRecord,
];

/** Keys of the rows that say what a user may do in a workspace. */
export function standingKeys(
  workspace: string,
  user: string,
): [Deno.KvKey, Deno.KvKey, Deno.KvKey] {
  return [
    keys.workspaceKey(workspace),
    keys.membershipKey(workspace, user),
    keys.membershipKey(FIRST_WORKSPACE, user),
  ];
}

/** What these rows let a user do in the workspace, or null: nothing. */
export function standingOf(
  workspace: Deno.KvEntryMaybe<WorkspaceRecord>,
  membership: Deno.KvEntryMaybe<MembershipRecord>,
  first: Deno.KvEntryMaybe<MembershipRecord>,
): Standing | null {
  if (workspace.value === null || workspace.value.deletedAt !== undefined) {
    return null;
  }
  if (membership.value === null || membership.value.isDisabled) return null;
  const { role, groups } = membership.value;
  const isOperator = first.value !== null && !first.value.isDisabled &&
    isAtLeast(first.value.role, "admin");
  return { role, groups, isOperator };
}
