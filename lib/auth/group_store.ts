/** Reads and writes of groups. */
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Loaded } from "./records.ts";
import { UnitStore } from "./unit_store.ts";

export interface GroupRecord {
  v: 1;
  id: string;
  name: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** Whose a name is. */
interface NameRecord {
  v: 1;
  /** Empty: nobody's any more. */
  group: string;
}

/** A group with what a change of it checks. */
export interface LoadedGroup {
  record: GroupRecord;
  versionstamp: string;
}

/** Two names that fold to the same text are the same. */
function foldName(name: string): string {
  return name.toLowerCase().normalize("NFC");
}

export class GroupStore extends UnitStore {
  async group(workspace: string, id: string): Promise<Loaded<GroupRecord>> {
    return await this.load<GroupRecord>(keys.groupKey(workspace, id));
  }

  /** Those of the groups that are there, in the order asked for. */
  async groups(
    workspace: string,
    ids: readonly string[],
  ): Promise<GroupRecord[]> {
    const entries = await getMany(
      this.store,
      ids.map((id) => keys.groupKey(workspace, id)),
    );
    return entries.flatMap(({ value }) =>
      value === null ? [] : [value as GroupRecord]
    );
  }

  /** Ids of the groups with these names, without regard to case; names without a group are left out. */
  async byNames(
    workspace: string,
    names: readonly string[],
  ): Promise<string[]> {
    const entries = await getMany(
      this.store,
      names.map((name) => keys.groupNameKey(workspace, foldName(name))),
    );
    const ids = entries.map(({ value }) =>
      (value as NameRecord | null)?.group ?? ""
    );
    return [...new Set(ids)].filter((id) => id !== "");
  }

  /** Newest first. */
  async list(
    workspace: string,
    before: string | null,
    limit: number,
  ): Promise<GroupRecord[]> {
    const rows = list<GroupRecord>(
      this.store,
      keys.groups(workspace, before),
      { reverse: true, limit },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** The id of the group that has a name, or null. */
  async named(workspace: string, name: string): Promise<string | null> {
    return (await this.byNames(workspace, [name]))[0] ?? null;
  }

  /** Overtaken when the name is taken. */
  async create(
    workspace: string,
    record: GroupRecord,
    event: OutboxEvent,
  ): Promise<boolean> {
    const name = await this.#name(workspace, record.name, null, record.id);
    return await this.commit(
      new UnitOfWork()
        .guard(keys.groupKey(workspace, record.id), null, record)
        .event(workspace, event),
      name,
    );
  }

  async replace(
    workspace: string,
    before: LoadedGroup,
    record: GroupRecord,
    event: OutboxEvent,
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.groupKey(workspace, record.id), before.versionstamp, record)
      .event(workspace, event);
    const old = before.record.name;
    if (foldName(old) === foldName(record.name)) return await this.commit(unit);
    const names = await Promise.all([
      this.#name(workspace, old, record.id, ""),
      this.#name(workspace, record.name, null, record.id),
    ]);
    return await this.commit(unit, ...names);
  }

  /** Members still name it, and who reads them takes a group that is not there for none. */
  async delete(
    workspace: string,
    { record, versionstamp }: LoadedGroup,
    event: OutboxEvent,
  ): Promise<boolean> {
    const key = keys.groupKey(workspace, record.id);
    const name = await this.#name(workspace, record.name, record.id, "");
    return await this.commit(
      new UnitOfWork().check(key, versionstamp).delete(key)
        .event(workspace, event),
      name,
    );
  }

  /** Gives a name from one group (null: nobody) to another (empty: nobody). Overtaken when it has another. */
  async #name(
    workspace: string,
    name: string,
    from: string | null,
    to: string,
  ): Promise<UnitOfWork> {
    const key = keys.groupNameKey(workspace, foldName(name));
    const { record, versionstamp } = await this.load<NameRecord>(key);
    const isAsWanted = (record?.group || null) === from;
    const row: NameRecord = { v: 1, group: to };
    // A check that cannot hold: whoever has the name keeps it.
    const taken = new UnitOfWork().guard(key, null, row);
    return isAsWanted ? new UnitOfWork().guard(key, versionstamp, row) : taken;
  }
}
