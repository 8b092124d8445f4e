/** What a backup says of itself, in a table of its own within the file, so that one file is all there is. */

/** Why a backup was made. */
export type BackupOrigin = "schedule" | "person" | "command";

/** What is in a store, counted while all of it is read. */
export interface StoreSummary {
  /** Generation of the store. */
  generation: string | null;
  /** Schema of its records. */
  schema: number | null;
  /** Rows of all kinds. */
  rows: number;
  threads: number;
  messages: number;
  people: number;
  /** SHA-256 over keys, values and versions in the order of the keys, in hexadecimal. */
  digest: string;
}

export interface BackupManifest extends StoreSummary {
  v: 1;
  /** RFC 3339: what was acknowledged before is in it. */
  madeAt: string;
  origin: BackupOrigin;
  /** Names the secret with which secrets in it are encrypted; null: none was ever needed. */
  secretId: string | null;
}

/** The table that holds the manifest, in the only row of its only column. */
export const MANIFEST_TABLE = "freshet_backup";

const NAME = /^freshet-(\d{8}-\d{6}-[0-9a-z]{4})\.db$/;

/** A new name's id: the moment in UTC and four characters against another of the same second. */
export function newBackupId(at: Date): string {
  const digits = at.toISOString().replaceAll(/[-:]/g, "");
  const random = crypto.getRandomValues(new Uint32Array(1))[0];
  const tail = random.toString(36).padStart(4, "0").slice(-4);
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${tail}`;
}

export function backupName(id: string): string {
  return `freshet-${id}.db`;
}

/** Id out of the name of a file; null: it is no backup. */
export function backupIdOf(name: string): string | null {
  return NAME.exec(name)?.[1] ?? null;
}

/** A manifest as it was read; null for what is none. */
export function parseManifest(text: unknown): BackupManifest | null {
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    const isOne = typeof value === "object" && value !== null &&
      "v" in value && value.v === 1 && "digest" in value;
    return isOne ? value as BackupManifest : null;
  } catch {
    return null;
  }
}
