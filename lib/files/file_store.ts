/** Rows of files. A file is there once its row is: its parts come first, and go last. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type Content, removeParts } from "./file_content.ts";
import type { StoredFile } from "./file_record.ts";

export interface LoadedFile {
  stored: StoredFile;
  versionstamp: string;
}

/** Where a page of a list begins, and which way it goes. */
export interface FilePlace {
  /** Newest first unless told. */
  order: "asc" | "desc";
  /** File behind which it begins; null: at the beginning. */
  after: string | null;
}

export class FileStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get nowMs(): number {
    return this.#store.clock.now();
  }

  /** Adds the row of a file whose bytes are stored to the unit of what it belongs to. */
  add(
    unit: UnitOfWork,
    space: string,
    stored: StoredFile,
    { manifest, open }: Content,
  ): UnitOfWork {
    unit.guard(keys.fileKey(space, stored.id), null, stored);
    if (stored.expiresAtMs !== null) {
      unit.set(
        keys.fileExpiryKey(stored.expiresAtMs, space, stored.id),
        { v: 1 },
      );
    }
    if (open === null) return unit;
    const key = keys.openBlobKey(manifest.blob);
    return unit.check(key, open).delete(key);
  }

  /** False: the bytes were given up meanwhile. */
  async commit(unit: UnitOfWork): Promise<boolean> {
    return (await commit(this.#store, unit)).ok;
  }

  /** Null also for a file that is kept no longer. */
  async load(space: string, id: string): Promise<LoadedFile | null> {
    const { value, versionstamp } = await get<StoredFile>(
      this.#store,
      keys.fileKey(space, id),
    );
    if (value === null || this.#isOver(value)) return null;
    return { stored: value, versionstamp };
  }

  /** Files of a space, of one purpose or all (null). */
  async list(
    space: string,
    { order, after }: FilePlace,
    purpose: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<StoredFile[]> {
    const isNewestFirst = order === "desc";
    const rows = list<StoredFile>(
      this.#store,
      isNewestFirst
        ? keys.filesBefore(space, after)
        : keys.filesAfter(space, after),
      { reverse: isNewestFirst, signal },
    );
    const found: StoredFile[] = [];
    for await (const { value } of rows) {
      if (purpose !== null && value.purpose !== purpose) continue;
      if (this.#isOver(value)) continue;
      found.push(value);
      if (found.length === limit) break;
    }
    return found;
  }

  /** Removes a file, first for its readers and then its parts. False: it was not there any more. */
  async remove(
    space: string,
    { stored, versionstamp }: LoadedFile,
  ): Promise<boolean> {
    const { id, expiresAtMs, content: { blob, parts } } = stored;
    const key = keys.fileKey(space, id);
    const unit = new UnitOfWork().check(key, versionstamp).delete(key)
      .guard(keys.openBlobKey(blob), null, {
        v: 1,
        owner: null,
        isDeleted: true,
      });
    if (expiresAtMs !== null) {
      unit.delete(keys.fileExpiryKey(expiresAtMs, space, id));
    }
    const result = await commit(this.#store, unit);
    if (!result.ok) return false;
    await removeParts(this.#store, blob, parts, result.versionstamp);
    return true;
  }

  /** Removes files that are kept no longer; how many there were. */
  async sweep(signal: AbortSignal): Promise<number> {
    let swept = 0;
    const rows = list(this.#store, keys.fileExpiries(this.nowMs), { signal });
    for await (const { key, versionstamp } of rows) {
      const { space, file } = keys.parseFileExpiryKey(key);
      const { value, versionstamp: version } = await get<StoredFile>(
        this.#store,
        keys.fileKey(space, file),
        { signal },
      );
      if (value === null || !this.#isOver(value)) {
        // What it stands for went another way, with its space.
        const unit = new UnitOfWork().guard(key, versionstamp, { v: 1 });
        await this.commit(unit.delete(key));
      } else {
        await this.remove(space, { stored: value, versionstamp: version! });
        swept += 1;
      }
    }
    return swept;
  }

  #isOver({ expiresAtMs }: StoredFile): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.nowMs;
  }
}
