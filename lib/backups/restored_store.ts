/** What a restore needs of the store: a mark beside it, whether somebody is at it, another generation. */
import { commit } from "@/lib/kv/commit.ts";
import { seizeLock } from "@/lib/kv/incarnation_lock.ts";
import { generationKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { get } from "@/lib/kv/reads.ts";
import { restoreMarkPath } from "@/lib/kv/restore_mark.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { folderOf } from "./paths.ts";

/**
 * Whether a process of this machine has the store open, by the locks of their incarnations. Locks that dead
 * processes have left are removed.
 */
export async function isStoreInUse(storePath: string): Promise<boolean> {
  const folder = `${folderOf(storePath)}inc`;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const lock = await seizeLock(storePath, name);
      if (lock === null) return true;
      await lock.release();
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

/**
 * Begins another history: ids and cursors of the old one, which browsers and programs still hold, mean
 * "begin anew" from now on, although the store hands out the same versionstamps again.
 * @throws {StorageError} when the file is no store, or one of a newer program
 */
export async function renewGeneration(
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const store = await openStore({ location: path, signal });
  try {
    const key = generationKey();
    const { versionstamp } = await get(store, key, { signal });
    const unit = new UnitOfWork()
      .guard(key, versionstamp, { v: 1, gen: newToken() });
    const { ok } = await commit(store, unit, { signal });
    if (!ok) throw new Error(`Somebody else writes to "${path}"`);
  } finally {
    store.close();
  }
}

/** The mark that keeps processes from opening a store while it is replaced. */
export interface RestoreMark {
  /** The last restore ended between the old file and the new one. */
  readonly wasCutOff: boolean;
  /** From now on no process opens the store, also when this one ends. */
  set(): Promise<void>;
  /** Lets go. A mark that was set, now or by the restore before, stays unless the store is whole. */
  release(isWhole: boolean): Promise<void>;
}

/** Holds the mark of a store; null: another restore does. */
export async function holdRestoreMark(
  storePath: string,
): Promise<RestoreMark | null> {
  const path = restoreMarkPath(storePath);
  const file = await Deno.open(path, { read: true, write: true, create: true });
  let wasCutOff: boolean;
  try {
    if (!await file.tryLock(true)) {
      file.close();
      return null;
    }
    wasCutOff = (await file.stat()).size > 0;
  } catch (error) {
    file.close();
    throw error;
  }
  let isSet = wasCutOff;
  return {
    wasCutOff,
    async set() {
      await file.write(new TextEncoder().encode("replacing\n"));
      await file.sync();
      isSet = true;
    },
    async release(isWhole) {
      try {
        if (isWhole || !isSet) await Deno.remove(path);
      } finally {
        file.close();
      }
    },
  };
}
