/**
 * Copies a store's file while others write to it, reads what a copy says of itself, and checks whether it is
 * whole. SQLite works in the thread that calls it: a server does this in a worker only.
 */
import { backup, DatabaseSync } from "node:sqlite";
import {
  type BackupManifest,
  MANIFEST_TABLE,
  parseManifest,
} from "../backup_manifest.ts";
import { summariseStore } from "./store_summary.ts";

/** Hears how far it is, from 0 to 1. */
export type Tell = (value: number) => void;

/** What a copy is to say of itself beside what is in it. */
export type CopyFacts = Pick<BackupManifest, "madeAt" | "origin" | "secretId">;

export interface CheckedBackup {
  manifest: BackupManifest | null;
  /** Sentences of what is wrong; none: it is whole. */
  faults: string[];
}

/** How long another program may hold the file, in milliseconds. */
const BUSY_MS = 5_000;
/** Pages copied between two looks at how far it is: 8 MB. */
const PAGES_AT_A_TIME = 2_000;
/** Faults that SQLite is asked for. */
const MOST_FAULTS = 10;

/** Parts of the work, as far as each goes. */
const COPIED = 0.5;
const SUMMARISED = 0.8;

/**
 * Copies the store as it is at one moment. The manifest is written last, so a file that has one was whole.
 * @param to must not be there
 * @throws when the file cannot be read or written, or the copy is not whole
 */
export async function copyStore(
  from: string,
  to: string,
  facts: CopyFacts,
  tell: Tell = () => {},
): Promise<BackupManifest> {
  const source = open(from, { readOnly: true });
  try {
    await copyPages(source, to, (value) => tell(value * COPIED));
  } finally {
    source.close();
  }
  const copy = open(to);
  try {
    // A copy is one file: without a log beside it.
    copy.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
    const summary = summariseStore(
      copy,
      (value) => tell(COPIED + value * (SUMMARISED - COPIED)),
    );
    const faults = integrityFaults(copy);
    if (faults.length > 0) {
      throw new Error(`The copy is not whole: ${faults.join("; ")}`);
    }
    const manifest: BackupManifest = { v: 1, ...facts, ...summary };
    copy.exec(`CREATE TABLE ${MANIFEST_TABLE} (manifest TEXT NOT NULL)`);
    copy.prepare(`INSERT INTO ${MANIFEST_TABLE} VALUES (?)`)
      .run(JSON.stringify(manifest));
    return manifest;
  } finally {
    copy.close();
  }
}

/** What a backup says of itself; null: nothing. */
export function readManifest(path: string): BackupManifest | null {
  try {
    const db = open(path, { readOnly: true });
    try {
      return manifestIn(db);
    } finally {
      db.close();
    }
  } catch {
    return null;
  }
}

/** Reads all of a backup and compares it with what it says of itself. */
export function checkBackup(
  path: string,
  tell: Tell = () => {},
): CheckedBackup {
  let db: DatabaseSync;
  try {
    db = open(path, { readOnly: true });
  } catch (error) {
    return {
      manifest: null,
      faults: [`It cannot be opened: ${textOf(error)}`],
    };
  }
  try {
    const manifest = manifestIn(db);
    const faults = integrityFaults(db);
    if (faults.length > 0) return { manifest, faults };
    const found = summariseStore(db, tell);
    if (manifest === null) {
      faults.push("It does not say what is in it: it was not made by a backup");
    } else if (found.rows !== manifest.rows) {
      faults.push(`It has ${found.rows} rows in place of ${manifest.rows}`);
    } else if (found.digest !== manifest.digest) {
      faults.push("What is in it is not what it was when it was made");
    }
    return { manifest, faults };
  } catch (error) {
    return { manifest: null, faults: [textOf(error)] };
  } finally {
    db.close();
  }
}

/** Makes one file of a store that nobody has open, and takes out what only a backup has. */
export function settleStore(path: string): void {
  const db = open(path);
  try {
    db.exec(`DROP TABLE IF EXISTS ${MANIFEST_TABLE}`);
    db.exec("PRAGMA journal_mode = DELETE");
  } finally {
    db.close();
  }
}

function open(
  path: string,
  options: { readOnly?: boolean } = {},
): DatabaseSync {
  const db = new DatabaseSync(path, options);
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return db;
}

/**
 * `VACUUM INTO` where it may be used: it leaves out what was deleted. It attaches the new file, which Deno
 * allows only to a process that may do everything; a server copies page by page instead.
 */
async function copyPages(
  source: DatabaseSync,
  to: string,
  tell: Tell,
): Promise<void> {
  try {
    source.prepare("VACUUM INTO ?").run(to);
    return;
  } catch (error) {
    if (!/too many attached databases/.test(textOf(error))) throw error;
  }
  // Within a transaction all steps copy one moment, whatever others write meanwhile.
  source.exec("BEGIN");
  source.prepare("SELECT count(*) FROM migration_state").get();
  await backup(source, to, {
    rate: PAGES_AT_A_TIME,
    progress: ({ totalPages, remainingPages }) =>
      tell(1 - remainingPages / totalPages),
  });
  source.exec("COMMIT");
}

function manifestIn(db: DatabaseSync): BackupManifest | null {
  try {
    const row = db.prepare(`SELECT manifest FROM ${MANIFEST_TABLE}`).get();
    return parseManifest(row?.manifest);
  } catch {
    return null;
  }
}

function integrityFaults(db: DatabaseSync): string[] {
  const rows = db.prepare(`PRAGMA integrity_check(${MOST_FAULTS})`).all();
  const found = rows.map((row) => String(row.integrity_check));
  return found.length === 1 && found[0] === "ok" ? [] : found;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
