/** What the worker of backups is asked to do, and what it tells. */
import type { BackupManifest } from "../backup_manifest.ts";
import {
  checkBackup,
  type CheckedBackup,
  type CopyFacts,
  copyStore,
  readManifest,
  type Tell,
} from "./store_copy.ts";

export type BackupTask =
  | { type: "copy"; from: string; to: string; facts: CopyFacts }
  | { type: "read"; paths: string[] }
  | { type: "check"; path: string };

/** What a task comes to. */
export type BackupResult<T extends BackupTask> = T extends { type: "copy" }
  ? BackupManifest
  : T extends { type: "read" } ? (BackupManifest | null)[]
  : CheckedBackup;

export type BackupWorkerAnswer =
  | { type: "progress"; value: number }
  | { type: "done"; result: unknown }
  | { type: "failed"; message: string };

/** Does a task in this thread. */
export async function doBackupTask<T extends BackupTask>(
  task: T,
  tell?: Tell,
): Promise<BackupResult<T>> {
  // What a task comes to is known by its type, which the compiler does not follow.
  return await resultOf(task, tell) as BackupResult<T>;
}

async function resultOf(task: BackupTask, tell?: Tell): Promise<unknown> {
  switch (task.type) {
    case "copy":
      return await copyStore(task.from, task.to, task.facts, tell);
    case "read":
      return task.paths.map(readManifest);
    case "check":
      return checkBackup(task.path, tell);
  }
}
