/**
 * Puts a backup in the place of a store. Everything is prepared beside it first; the store that was there is
 * moved aside and kept. Nothing is changed unless no process has the store open, and none can open it
 * before the end.
 */
import { publishFile, syncFolderOf } from "./backup_files.ts";
import type { BackupManifest } from "./backup_manifest.ts";
import { checkBackup, settleStore } from "./engine/store_copy.ts";
import { folderOf, nameOf } from "./paths.ts";
import {
  holdRestoreMark,
  isStoreInUse,
  renewGeneration,
} from "./restored_store.ts";

/** A restore that cannot be; the message is the one line to print. Nothing was changed. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

export interface Restored {
  manifest: BackupManifest;
  /** Folder of the store that was there; null: there was none. */
  keptAt: string | null;
}

/** Files of a store, beside which SQLite puts its log and its index. */
const SUFFIXES = ["", "-wal", "-shm", "-journal"];

/**
 * @param from path of the backup
 * @param storePath path of the store's file
 * @throws {RestoreRefused}
 */
export async function restoreStore(
  from: string,
  storePath: string,
  { at, signal }: { at: Date; signal: AbortSignal },
): Promise<Restored> {
  const manifest = await requireWhole(from);
  const folder = folderOf(storePath);
  await Deno.mkdir(folder, { recursive: true });
  const mark = await holdRestoreMark(storePath);
  if (mark === null) {
    throw new RestoreRefused(
      `Another restore of "${storePath}" goes on; wait until it has ended`,
    );
  }
  let isWhole = false;
  try {
    if (await isStoreInUse(storePath)) throw inUse(storePath);
    const prepared = `${folder}restoring/freshet.db`;
    await prepare(from, prepared, signal);
    await settleOld(storePath);
    signal.throwIfAborted();
    await mark.set();
    const keptAt = await moveAside(storePath, at);
    await publishFile(prepared, storePath);
    isWhole = true;
    await Deno.remove(`${folder}restoring`, { recursive: true });
    return { manifest, keptAt };
  } finally {
    await mark.release(isWhole);
  }
}

async function requireWhole(from: string): Promise<BackupManifest> {
  if (!await isThere(from)) {
    throw new RestoreRefused(`There is no file "${from}"`);
  }
  const { manifest, faults } = checkBackup(from);
  if (manifest === null || faults.length > 0) {
    throw new RestoreRefused(
      `File "${from}" is no whole backup: ${faults.join("; ")}`,
    );
  }
  return manifest;
}

/** A copy of the backup with a generation of its own, ready to be the store. */
async function prepare(
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = folderOf(to);
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.copyFile(from, to);
  if (Deno.build.os !== "windows") await Deno.chmod(to, 0o600);
  try {
    settleStore(to);
    await renewGeneration(to, signal);
    settleStore(to);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new RestoreRefused(`Backup "${from}" cannot be used: ${reason}`);
  }
}

/**
 * Makes the old store one file, for which SQLite wants it alone. Its own locks know also of programs without
 * an incarnation, such as `deno task user` or a shell. What cannot be read as a store at all is no reason to
 * refuse: that may be why it is restored.
 */
async function settleOld(storePath: string): Promise<void> {
  if (!await isThere(storePath)) return;
  try {
    settleStore(storePath);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(reason)) throw inUse(storePath);
  }
}

async function moveAside(
  storePath: string,
  at: Date,
): Promise<string | null> {
  const stamp = at.toISOString().replaceAll(/[:.]/g, "-");
  const kept = `${folderOf(storePath)}replaced-${stamp}`;
  const name = nameOf(storePath);
  let isKept = false;
  for (const suffix of SUFFIXES) {
    if (!await isThere(storePath + suffix)) continue;
    await Deno.mkdir(kept, { recursive: true, mode: 0o700 });
    await Deno.rename(storePath + suffix, `${kept}/${name}${suffix}`);
    isKept = true;
  }
  if (!isKept) return null;
  await syncFolderOf(`${kept}/${name}`);
  return kept;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function inUse(storePath: string): RestoreRefused {
  return new RestoreRefused(
    `A program has the store "${storePath}" open; stop the server first`,
  );
}
