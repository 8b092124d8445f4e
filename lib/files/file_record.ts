/** A file as the rest of the program sees it, and as the store keeps it. */
import type { BlobManifest } from "@/lib/kv/blobs.ts";
import type { Versioned } from "@/lib/kv/store.ts";

/** A file that is whole. */
export interface FileRecord {
  /** `file-` and 22 characters; ids sort by the time they were made. */
  id: string;
  /** As whoever gave it named it; it may hold anything but control characters. */
  name: string;
  mediaType: string;
  /** What it is for, for example `batch`. */
  purpose: string;
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Milliseconds since 1970 UTC. */
  createdAtMs: number;
  /** Not kept from then on; null: until somebody deletes it. */
  expiresAtMs: number | null;
}

/** What is said of a new file. */
export interface NewFile {
  name: string;
  mediaType: string;
  purpose: string;
  /** Milliseconds since 1970 UTC. */
  expiresAtMs?: number | null;
  /** Whose it is, in a space of several people: it goes with their data. */
  user?: string | null;
}

/** A file's row. Whoever deletes rows of a space finds the parts by `content`. */
export interface StoredFile extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly purpose: string;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  readonly expiresAtMs: number | null;
  readonly user?: string;
  readonly content: BlobManifest;
}

export function toFileRecord(stored: StoredFile): FileRecord {
  const { id, name, mediaType, purpose, expiresAtMs, content } = stored;
  return {
    id,
    name,
    mediaType,
    purpose,
    bytes: content.length,
    sha256: content.sha256,
    createdAtMs: Date.parse(stored.createdAt),
    expiresAtMs,
  };
}
