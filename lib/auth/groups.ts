/** Groups of a workspace: limits and budgets apply to them, and identity providers name them. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Group, Page } from "@/lib/shared/wire.ts";
import type { Caller } from "./caller.ts";
import type { GroupRecord, GroupStore, LoadedGroup } from "./group_store.ts";
import type { GroupPatch, NewGroup } from "./user_input.ts";

type AcceptVersion = (version: number) => void;

export class Groups {
  readonly #store: GroupStore;

  constructor(store: GroupStore) {
    this.#store = store;
  }

  /** Newest first. */
  async list(
    workspace: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Group>> {
    const records = await this.#store.list(
      workspace,
      beforeId("grp", cursor),
      limit + 1,
    );
    const items = records.slice(0, limit).map(toGroup);
    return {
      items,
      nextCursor: records.length > limit ? items[limit - 1].id : null,
    };
  }

  /** @throws {AppError} 404 `not_found` */
  async require(workspace: string, id: string): Promise<Group> {
    return toGroup((await this.#load(workspace, id)).record);
  }

  /** Those of the groups that are there. */
  async findMany(workspace: string, ids: readonly string[]): Promise<Group[]> {
    const wanted = ids.filter((id) => isId("grp", id));
    return (await this.#store.groups(workspace, wanted)).map(toGroup);
  }

  /** @throws {AppError} 404 `group_not_found` when one of them is not there */
  async requireAll(workspace: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    if ((await this.findMany(workspace, ids)).length === ids.length) return;
    throw new AppError({
      status: 404,
      code: "group_not_found",
      message: "There is no such group.",
      errors: [{ path: "groups", message: "must be ids of groups" }],
    });
  }

  /** Ids of the groups with these names, without regard to case; names without a group are left out. */
  async byNames(
    workspace: string,
    names: readonly string[],
  ): Promise<string[]> {
    return await this.#store.byNames(workspace, names);
  }

  /** @throws {AppError} 409 `name_taken` */
  async create(caller: Caller, { name }: NewGroup): Promise<Group> {
    const { workspace } = caller;
    const now = this.#store.timestamp();
    const record: GroupRecord = {
      v: 1,
      id: newId("grp"),
      name,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const event = auditEvent("group.changed", {
      ...by(caller),
      subject: record.id,
      details: { name, change: "created" },
    });
    return await retryOnConflict(async () => {
      await this.#requireFree(workspace, name, record.id);
      const ok = await this.#store.create(workspace, record, event);
      return ok ? toGroup(record) : "conflict";
    });
  }

  /** @throws {AppError} 404 `not_found`, 409 `name_taken`; what `accept` throws */
  async update(
    caller: Caller,
    id: string,
    patch: GroupPatch,
    accept: AcceptVersion,
  ): Promise<Group> {
    const { workspace } = caller;
    return await retryOnConflict(async () => {
      const old = await this.#load(workspace, id);
      accept(old.record.version);
      const name = patch.name ?? old.record.name;
      if (name === old.record.name) return toGroup(old.record);
      await this.#requireFree(workspace, name, id);
      const record: GroupRecord = {
        ...old.record,
        name,
        updatedAt: this.#store.timestamp(),
        version: old.record.version + 1,
      };
      const event = auditEvent("group.changed", {
        ...by(caller),
        subject: id,
        details: {
          name,
          change: "renamed",
          before: old.record.name,
          after: name,
        },
      });
      const ok = await this.#store.replace(workspace, old, record, event);
      return ok ? toGroup(record) : "conflict";
    });
  }

  /** @throws {AppError} 404 `not_found`; what `accept` throws */
  async delete(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { workspace } = caller;
    await retryOnConflict(async () => {
      const old = await this.#load(workspace, id);
      accept(old.record.version);
      const event = auditEvent("group.changed", {
        ...by(caller),
        subject: id,
        details: { name: old.record.name, change: "deleted" },
      });
      const ok = await this.#store.delete(workspace, old, event);
      return ok ? null : "conflict";
    });
  }

  async #requireFree(
    workspace: string,
    name: string,
    id: string,
  ): Promise<void> {
    const other = await this.#store.named(workspace, name);
    if (other === null || other === id) return;
    throw new AppError({
      status: 409,
      code: "name_taken",
      message: "There is a group of that name already.",
      errors: [{ path: "name", message: "is the name of another group" }],
    });
  }

  async #load(workspace: string, id: string): Promise<LoadedGroup> {
    const { record, versionstamp } = isId("grp", id)
      ? await this.#store.group(workspace, id)
      : { record: null, versionstamp: null };
    if (record === null) throw notFound("group");
    return { record, versionstamp };
  }
}

function toGroup(
  { id, name, createdAt, updatedAt, version }: GroupRecord,
): Group {
  return { id, name, createdAt, updatedAt, version };
}
