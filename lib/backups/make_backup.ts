/** Makes a backup: a copy beside the others, which gets its name once it is whole and on the disk. */
import { type BackupFile, BackupFiles } from "./backup_files.ts";
import {
  type BackupManifest,
  type BackupOrigin,
  newBackupId,
} from "./backup_manifest.ts";
import type { BackupResult, BackupTask } from "./engine/backup_task.ts";
import { folderOf } from "./paths.ts";

/** Does a task, in a worker or in this thread. */
export type DoBackupTask = <T extends BackupTask>(
  task: T,
  signal: AbortSignal,
  tell?: (value: number) => void,
) => Promise<BackupResult<T>>;

export interface NewBackup {
  storePath: string;
  origin: BackupOrigin;
  /** Names the secret of the server; null: it has none. */
  secretId: string | null;
  at: Date;
  signal: AbortSignal;
  /** Hears how far it is, from 0 to 1. */
  tell?: (value: number) => void;
}

export interface MadeBackup extends BackupFile {
  manifest: BackupManifest;
}

/**
 * @throws {AppError} 409 `backup_running`
 * @throws when the store cannot be copied; then nothing is left of it
 */
export async function makeBackup(
  files: BackupFiles,
  doTask: DoBackupTask,
  { storePath, origin, secretId, at, signal, tell }: NewBackup,
): Promise<MadeBackup> {
  const turn = await files.takeTurn();
  try {
    const id = newBackupId(at);
    const manifest = await doTask(
      {
        type: "copy",
        from: storePath,
        to: turn.partialPath(id),
        facts: { madeAt: at.toISOString(), origin, secretId },
      },
      signal,
      tell,
    );
    signal.throwIfAborted();
    return { ...await turn.publish(id), manifest };
  } finally {
    await turn.end();
  }
}

/** The folder of the backups of a store. */
export function backupFolder(storePath: string): string {
  return `${folderOf(storePath)}backups`;
}
