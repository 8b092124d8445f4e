/** The folder of backups: names, sizes, and that a file under its final name is whole. */
import { AppError } from "@/lib/errors.ts";
import { backupIdOf, backupName } from "./backup_manifest.ts";
import { folderOf } from "./paths.ts";

/** A file of the folder. */
export interface BackupFile {
  id: string;
  name: string;
  path: string;
  bytes: number;
  /** Milliseconds since 1970 UTC. */
  changedAtMs: number;
}

/** The right to write into the folder, which one process has at a time. */
export interface FolderTurn {
  /** Path to write the copy to; what was there is gone. */
  partialPath(id: string): string;
  /** Makes the copy a backup, at once and for good. */
  publish(id: string): Promise<BackupFile>;
  /** Removes what was not published, and lets the next one in. */
  end(): Promise<void>;
}

const PARTIAL = /\.partial(-journal|-wal|-shm)?$/;
const LOCK = ".lock";
/** A backup has all that people wrote: nobody but the server's own user reads it. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export class BackupFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All backups, newest first. */
  async list(): Promise<BackupFile[]> {
    const found: (BackupFile | null)[] = [];
    try {
      for await (const { name } of Deno.readDir(this.#folder)) {
        const id = backupIdOf(name);
        if (id !== null) found.push(await this.find(id));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return found.filter((file) => file !== null)
      .sort((one, other) => one.id < other.id ? 1 : -1);
  }

  /** One of them; null for one that is not there, or an id that is none. */
  async find(id: string): Promise<BackupFile | null> {
    const name = backupName(id);
    if (backupIdOf(name) === null) return null;
    const path = this.#pathOf(name);
    try {
      const { size, mtime, isFile } = await Deno.stat(path);
      const changedAtMs = mtime?.getTime() ?? 0;
      return isFile ? { id, name, path, bytes: size, changedAtMs } : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  /** Whether it was there. */
  async remove(id: string): Promise<boolean> {
    const file = await this.find(id);
    if (file === null) return false;
    await Deno.remove(file.path);
    return true;
  }

  /**
   * Takes the turn to write. What an earlier one has left half done is removed: nobody is at it any more.
   * @throws {AppError} 409 `backup_running` while somebody else has it
   */
  async takeTurn(): Promise<FolderTurn> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    const lock = await Deno.open(this.#pathOf(LOCK), {
      write: true,
      create: true,
      mode: FILE_MODE,
    });
    try {
      if (!await lock.tryLock(true)) throw alreadyRunning();
      await this.#removePartials();
    } catch (error) {
      lock.close();
      throw error;
    }
    const partialPath = (id: string) =>
      this.#pathOf(`${backupName(id)}.partial`);
    return {
      partialPath,
      publish: async (id) => {
        const partial = partialPath(id);
        await publishFile(partial, this.#pathOf(backupName(id)));
        return (await this.find(id))!;
      },
      end: async () => {
        try {
          await this.#removePartials();
        } finally {
          lock.close();
        }
      },
    };
  }

  async #removePartials(): Promise<void> {
    for await (const { name } of Deno.readDir(this.#folder)) {
      if (!PARTIAL.test(name)) continue;
      await Deno.remove(this.#pathOf(name)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  #pathOf(name: string): string {
    return `${this.#folder}/${name}`;
  }
}

/** Gives a file that is whole its final name, once it is on the disk and not in a cache of it. */
export async function publishFile(from: string, to: string): Promise<void> {
  const file = await Deno.open(from, { read: true, write: true });
  try {
    await file.sync();
  } finally {
    file.close();
  }
  if (Deno.build.os !== "windows") await Deno.chmod(from, FILE_MODE);
  await Deno.rename(from, to);
  await syncFolderOf(to);
}

/** Makes sure that the names in the folder of a path are on the disk. Where folders cannot be synced they are. */
export async function syncFolderOf(path: string): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(folderOf(path));
  } catch {
    return;
  }
  try {
    await file.sync();
  } catch {
    // A file system that knows no sync of folders.
  } finally {
    file.close();
  }
}

function alreadyRunning(): AppError {
  return new AppError({
    status: 409,
    code: "backup_running",
    message: "A backup is being made already. Wait until it has ended.",
    retryable: true,
  });
}
