/** Reads and writes of tasks. A record and its entries in groups change in one atomic. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { TaskStatus } from "@/lib/shared/wire.ts";
import { refKey, type TagRef } from "./tag_store.ts";
import type { TaskRecord } from "./task_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedTask {
  record: TaskRecord;
  versionstamp: string;
}

/** Which tasks are wanted; each field that is not null narrows them. */
export interface TaskFilter {
  projectId: string | null;
  status: TaskStatus | null;
  tag: TagRef | null;
}

interface TrashRecord {
  v: 1;
  record: TaskRecord;
  expiresAt: number;
}

/** An entry of a group: what a filter asks beside the group, so that no record is read in vain. */
interface GroupEntry {
  v: 1;
  status: TaskStatus;
  projectId: string | null;
}

export class TaskStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param more committed with it: missing tags, and what a repeated request is known by */
  async create(
    space: string,
    record: TaskRecord,
    ...more: UnitOfWork[]
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.taskKey(space, record.id), null, record);
    for (const group of groupsOf(record)) {
      unit.set(
        keys.taskGroupKey(space, group, record.id),
        toEntry(record),
      );
    }
    for (const part of more) unit.add(part);
    return (await commit(this.#store, unit)).ok;
  }

  async load(space: string, id: string): Promise<LoadedTask | null> {
    const key = keys.taskKey(space, id);
    const { value, versionstamp } = await get<TaskRecord>(this.#store, key);
    return value === null ? null : { record: value, versionstamp };
  }

  /** Newest first: at most `limit` of those made before the given one that pass the filter. */
  async list(
    space: string,
    filter: TaskFilter,
    before: string | null,
    limit: number,
  ): Promise<TaskRecord[]> {
    const found: TaskRecord[] = [];
    for await (
      const batch of this.#candidates(
        space,
        filter,
        before,
        limit,
      )
    ) {
      found.push(...batch.filter((record) => passes(record, filter)));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** Tasks of the smallest group that the filter names, in batches. */
  async *#candidates(
    space: string,
    filter: TaskFilter,
    before: string | null,
    batchSize: number,
  ): AsyncGenerator<TaskRecord[], void, void> {
    const options = { reverse: true, batchSize };
    const group = groupOf(filter);
    if (group === null) {
      const selector = keys.tasks(space, before);
      for await (
        const row of list<TaskRecord>(this.#store, selector, options)
      ) {
        yield [row.value];
      }
      return;
    }
    let ids: string[] = [];
    const selector = keys.taskGroup(space, group, before);
    const rows = list<GroupEntry>(this.#store, selector, {
      reverse: true,
    });
    for await (const row of rows) {
      if (!mayPass(row.value, filter)) continue;
      ids.push(keys.parseTaskGroupKey(row.key));
      if (ids.length < batchSize) continue;
      yield await this.#loadMany(space, ids);
      ids = [];
    }
    yield await this.#loadMany(space, ids);
  }

  async #loadMany(space: string, ids: string[]): Promise<TaskRecord[]> {
    const entries = await getMany(
      this.#store,
      ids.map((id) => keys.taskKey(space, id)),
    );
    return entries.flatMap(({ value }) =>
      value === null ? [] : [value as TaskRecord]
    );
  }

  /** @param tags makes tags that the new record carries and that are missing */
  async replace(
    space: string,
    old: LoadedTask,
    record: TaskRecord,
    tags: UnitOfWork,
  ): Promise<boolean> {
    const unit = this.#replacement(new UnitOfWork(), space, old, record);
    return (await commit(this.#store, unit.add(tags))).ok;
  }

  /**
   * Replaces a task as the program does it, and says so to whoever watches.
   * @param addMore adds what is to be committed with it
   */
  async replaceWith(
    space: string,
    old: LoadedTask,
    record: TaskRecord,
    addMore: (unit: UnitOfWork) => void = () => {},
  ): Promise<boolean> {
    const unit = this.change(new UnitOfWork(), space, old, record);
    addMore(unit);
    return (await commit(this.#store, unit)).ok;
  }

  /** Adds to a unit what `replaceWith` commits. */
  change(
    unit: UnitOfWork,
    space: string,
    old: LoadedTask,
    record: TaskRecord,
  ): UnitOfWork {
    return this.#replacement(unit, space, old, record).event(space, {
      type: "task.updated",
      at: this.#store.clock.now(),
      subject: record.id,
      data: {
        taskId: record.id,
        status: record.status,
        jobId: record.jobId,
        threadId: record.threadId,
        version: record.version,
      },
    });
  }

  #replacement(
    unit: UnitOfWork,
    space: string,
    old: LoadedTask,
    record: TaskRecord,
  ): UnitOfWork {
    unit.guard(keys.taskKey(space, record.id), old.versionstamp, record);
    for (const group of groupsOf(old.record)) {
      unit.delete(keys.taskGroupKey(space, group, record.id));
    }
    for (const group of groupsOf(record)) {
      unit.set(
        keys.taskGroupKey(space, group, record.id),
        toEntry(record),
      );
    }
    return unit;
  }

  /** Deletes a task; for `undoMs` it can be taken back. */
  async delete(
    space: string,
    { record, versionstamp }: LoadedTask,
    undoMs: number,
  ): Promise<boolean> {
    const key = keys.taskKey(space, record.id);
    const trashKey = keys.deletedTaskKey(space, record.id);
    const trash = await get(this.#store, trashKey);
    const expiresAt = this.#store.clock.now() + undoMs;
    const unit = new UnitOfWork()
      .check(key, versionstamp)
      .delete(key)
      .guard(trashKey, trash.versionstamp, { v: 1, record, expiresAt }, {
        expireInMs: undoMs,
      });
    for (const group of groupsOf(record)) {
      unit.delete(keys.taskGroupKey(space, group, record.id));
    }
    return (await commit(this.#store, unit)).ok;
  }

  /** A deleted task while that can be undone; its versionstamp is that of the deletion. */
  async loadDeleted(
    space: string,
    id: string,
  ): Promise<LoadedTask | null> {
    const { value, versionstamp } = await get<TrashRecord>(
      this.#store,
      keys.deletedTaskKey(space, id),
    );
    if (value === null || value.expiresAt <= this.#store.clock.now()) {
      return null;
    }
    return { record: value.record, versionstamp };
  }

  async restore(
    space: string,
    deleted: LoadedTask,
    record: TaskRecord,
  ): Promise<boolean> {
    const trashKey = keys.deletedTaskKey(space, record.id);
    return await this.create(
      space,
      record,
      new UnitOfWork().check(trashKey, deleted.versionstamp).delete(trashKey),
    );
  }
}

function groupsOf(record: TaskRecord): keys.TaskGroup[] {
  const groups: keys.TaskGroup[] = [{ status: record.status }];
  if (record.projectId !== null) groups.push({ project: record.projectId });
  for (const { folded, generation } of record.tags) {
    groups.push({ tag: folded, generation });
  }
  return groups;
}

/** The group to read: a tag is worn by fewer tasks than a project has, a project has fewer than a status. */
function groupOf(
  { projectId, status, tag }: TaskFilter,
): keys.TaskGroup | null {
  if (tag !== null) return { tag: tag.folded, generation: tag.generation };
  if (projectId !== null) return { project: projectId };
  return status === null ? null : { status };
}

function toEntry({ status, projectId }: TaskRecord): GroupEntry {
  return { v: 1, status, projectId };
}

function mayPass(
  entry: { status: TaskStatus; projectId: string | null },
  { projectId, status }: TaskFilter,
): boolean {
  return (projectId === null || entry.projectId === projectId) &&
    (status === null || entry.status === status);
}

/** Entries and records are read one after the other, so a record may have left its group meanwhile. */
function passes(record: TaskRecord, filter: TaskFilter): boolean {
  const { tag } = filter;
  return mayPass(record, filter) &&
    (tag === null || record.tags.some((ref) => refKey(ref) === refKey(tag)));
}
