/** Backups of this server's store, as pages, programs and jobs use them. */
import { notFound } from "@/lib/chat/refusals.ts";
import type { Clock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Backup } from "@/lib/shared/wire.ts";
import { type BackupFile, BackupFiles } from "./backup_files.ts";
import type { BackupManifest, BackupOrigin } from "./backup_manifest.ts";
import type { BackupCheck, BackupStore } from "./backup_store.ts";
import type { CheckedBackup } from "./engine/store_copy.ts";
import { runInWorker } from "./engine/run_in_worker.ts";
import {
  backupFolder,
  type DoBackupTask,
  type MadeBackup,
  makeBackup,
} from "./make_backup.ts";

export interface BackupsParts {
  /** Of the store: its kind, and its path where it is a file. */
  place: { kind: string; path: string | null; clock: Clock };
  store: BackupStore;
  /** Names the secret of this server; null: it has none yet. */
  secretId: () => Promise<string | null>;
  log: Logger;
  /** In place of the worker of this program. */
  doTask?: DoBackupTask;
}

/** How long it may take to read what backups say of themselves, in milliseconds. */
const READ_DEADLINE_MS = 10_000;

export class Backups {
  readonly #parts: BackupsParts;
  readonly #files: BackupFiles | null;
  readonly #doTask: DoBackupTask;
  /** What files say of themselves, by name, size and time. */
  readonly #manifests = new Map<string, BackupManifest | null>();

  constructor(parts: BackupsParts) {
    this.#parts = parts;
    const { path } = parts.place;
    this.#files = path === null ? null : new BackupFiles(backupFolder(path));
    this.#doTask = parts.doTask ?? runInWorker;
  }

  /** Why this server makes no backups, in a sentence; null: it does. */
  get refusal(): string | null {
    switch (this.#parts.place.kind) {
      case "file":
        return null;
      case "memory":
        return "The store is in memory: there is nothing to keep.";
      default:
        return "The store is not a file of this server, so it is backed up where it is kept: a self-hosted denokv by its own snapshots, Deno Deploy by the platform.";
    }
  }

  /** All there are, newest first. */
  async list(signal?: AbortSignal): Promise<Backup[]> {
    return await this.#show(await this.#files?.list() ?? [], signal);
  }

  /** @throws {AppError} 404 `not_found` */
  async get(id: string, signal?: AbortSignal): Promise<Backup> {
    const [backup] = await this.#show([await this.requireFile(id)], signal);
    return backup;
  }

  /** @throws {AppError} 404 `not_found` */
  async requireFile(id: string): Promise<BackupFile> {
    const file = await this.#files?.find(id) ?? null;
    if (file === null) throw notFound("backup");
    return file;
  }

  /** @throws {AppError} 409 `backup_elsewhere`, `backup_running`; what a copy that fails throws */
  async make(
    origin: BackupOrigin,
    signal: AbortSignal,
    tell?: (value: number) => void,
  ): Promise<MadeBackup> {
    const { place: { path, clock }, secretId } = this.#parts;
    if (this.#files === null) {
      throw new AppError({
        status: 409,
        code: "backup_elsewhere",
        message: this.refusal!,
      });
    }
    return await makeBackup(this.#files, this.#doTask, {
      storePath: path!,
      origin,
      secretId: await secretId(),
      at: new Date(clock.now()),
      signal,
      tell,
    });
  }

  /** Removes what schedules have made beyond the newest so many; what people made stays. */
  async prune(keep: number, signal: AbortSignal): Promise<string[]> {
    const scheduled = (await this.list(signal))
      .filter(({ origin }) => origin === "schedule");
    const old = scheduled.slice(keep);
    for (const { id } of old) await this.#files?.remove(id);
    return old.map(({ name }) => name);
  }

  /**
   * Reads all of a backup and compares it with what it says of itself.
   * @throws {AppError} 404 `not_found`
   */
  async check(
    id: string,
    signal: AbortSignal,
    tell?: (value: number) => void,
  ): Promise<CheckedBackup> {
    const { path } = await this.requireFile(id);
    return await this.#doTask({ type: "check", path }, signal, tell);
  }

  /** @throws {AppError} 404 `not_found` */
  async remove(id: string): Promise<void> {
    if (!await this.#files?.remove(id)) throw notFound("backup");
  }

  async #show(
    files: readonly BackupFile[],
    signal: AbortSignal | undefined,
  ): Promise<Backup[]> {
    // Where there are no files there may be no folder with a secret either.
    if (files.length === 0) return [];
    const { store, secretId } = this.#parts;
    const [manifests, checks, secret] = await Promise.all([
      this.#read(files, signal),
      store.checks(files.map(({ id }) => id), signal),
      secretId(),
    ]);
    return files.map((file, place) =>
      toBackup(file, manifests[place], checks[place], secret)
    );
  }

  async #read(
    files: readonly BackupFile[],
    signal: AbortSignal | undefined,
  ): Promise<(BackupManifest | null)[]> {
    const unread = files.filter((file) => !this.#manifests.has(keyOf(file)));
    if (unread.length > 0) {
      try {
        const deadline = AbortSignal.timeout(READ_DEADLINE_MS);
        const read = await this.#doTask(
          { type: "read", paths: unread.map(({ path }) => path) },
          signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        );
        unread.forEach((file, place) =>
          this.#manifests.set(keyOf(file), read[place])
        );
      } catch (error) {
        signal?.throwIfAborted();
        this.#parts.log.warn("Backups could not be read", { error });
      }
    }
    return files.map((file) => this.#manifests.get(keyOf(file)) ?? null);
  }
}

function keyOf({ name, bytes, changedAtMs }: BackupFile): string {
  return `${name} ${bytes} ${changedAtMs}`;
}

function toBackup(
  { id, name, bytes }: BackupFile,
  manifest: BackupManifest | null,
  check: BackupCheck | null,
  secret: string | null,
): Backup {
  return {
    id,
    name,
    bytes,
    madeAt: manifest?.madeAt ?? null,
    origin: manifest?.origin ?? null,
    holds: manifest === null ? null : {
      rows: manifest.rows,
      threads: manifest.threads,
      messages: manifest.messages,
      people: manifest.people,
    },
    schema: manifest?.schema ?? null,
    hasSameSecret: manifest !== null &&
      (manifest.secretId === null || manifest.secretId === secret),
    check: check === null ? null : {
      at: new Date(check.atMs).toISOString(),
      faults: [...check.faults],
    },
  };
}
