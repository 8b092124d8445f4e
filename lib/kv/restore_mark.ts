/**
 * The mark of a restore, a file beside the store's. While somebody holds its lock the store is being
 * replaced; with words in it and nobody at the lock, that was cut off between the old file and the new one.
 */
import { StorageError } from "@/lib/errors.ts";

/** Path of the mark for a store. */
export function restoreMarkPath(storePath: string): string {
  return `${storePath}.restore`;
}

/**
 * Ends the start of a process on a store that is being replaced: it would make a new one in the gap.
 * @throws {StorageError} `storage_restoring` while a restore goes on, or when one was cut off
 */
export async function assertNotRestoring(storePath: string): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(restoreMarkPath(storePath), { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  try {
    if (!await file.tryLock(false)) {
      throw new StorageError(
        `The store "${storePath}" is being restored; start again once that has ended`,
        { code: "storage_restoring" },
      );
    }
    const { size } = await file.stat();
    if (size > 0) {
      throw new StorageError(
        `A restore of the store "${storePath}" was cut off; run "deno task restore" again`,
        { code: "storage_restoring" },
      );
    }
  } finally {
    file.close();
  }
}
