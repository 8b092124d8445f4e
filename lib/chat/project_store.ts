/** Reads and writes of projects. Each change is one atomic that checks what it was made from. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ProjectRecord } from "./project_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedProject {
  record: ProjectRecord;
  versionstamp: string;
}

/** A deleted project while that can be undone. */
export interface DeletedProject {
  record: ProjectRecord;
  versionstamp: string;
}

interface TrashRecord {
  v: 1;
  record: ProjectRecord;
  expiresAt: number;
}

export class ProjectStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param receipt committed with it, so that a repeated request makes one project */
  async create(
    space: string,
    record: ProjectRecord,
    receipt: UnitOfWork,
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.projectKey(space, record.id), null, record)
      .add(receipt);
    return (await commit(this.#store, unit)).ok;
  }

  async load(space: string, id: string): Promise<LoadedProject | null> {
    const key = keys.projectKey(space, id);
    const { value, versionstamp } = await get<ProjectRecord>(this.#store, key);
    return value === null ? null : { record: value, versionstamp };
  }

  /** Those of the projects that are there, in the order asked for. */
  async loadMany(space: string, ids: string[]): Promise<ProjectRecord[]> {
    const entries = await getMany(
      this.#store,
      ids.map((id) => keys.projectKey(space, id)),
    );
    return entries.flatMap(({ value }) =>
      value === null ? [] : [value as ProjectRecord]
    );
  }

  /** Newest first. */
  async list(
    space: string,
    before: string | null,
    limit: number,
  ): Promise<ProjectRecord[]> {
    const rows = list<ProjectRecord>(
      this.#store,
      keys.projects(space, before),
      { reverse: true, limit },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  async replace(
    space: string,
    old: LoadedProject,
    record: ProjectRecord,
  ): Promise<boolean> {
    const key = keys.projectKey(space, record.id);
    const unit = new UnitOfWork().guard(key, old.versionstamp, record);
    return (await commit(this.#store, unit)).ok;
  }

  /** Deletes a project; for `undoMs` it can be taken back. */
  async delete(
    space: string,
    { record, versionstamp }: LoadedProject,
    undoMs: number,
  ): Promise<boolean> {
    const key = keys.projectKey(space, record.id);
    const trashKey = keys.deletedProjectKey(space, record.id);
    const trash = await get(this.#store, trashKey);
    const expiresAt = this.#store.clock.now() + undoMs;
    const unit = new UnitOfWork()
      .check(key, versionstamp)
      .delete(key)
      .guard(trashKey, trash.versionstamp, { v: 1, record, expiresAt }, {
        expireInMs: undoMs,
      });
    return (await commit(this.#store, unit)).ok;
  }

  async loadDeleted(
    space: string,
    id: string,
  ): Promise<DeletedProject | null> {
    const { value, versionstamp } = await get<TrashRecord>(
      this.#store,
      keys.deletedProjectKey(space, id),
    );
    if (value === null || value.expiresAt <= this.#store.clock.now()) {
      return null;
    }
    return { record: value.record, versionstamp };
  }

  async restore(
    space: string,
    old: DeletedProject,
    record: ProjectRecord,
  ): Promise<boolean> {
    const trashKey = keys.deletedProjectKey(space, record.id);
    const unit = new UnitOfWork()
      .guard(keys.projectKey(space, record.id), null, record)
      .check(trashKey, old.versionstamp)
      .delete(trashKey);
    return (await commit(this.#store, unit)).ok;
  }
}
