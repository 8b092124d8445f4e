import { StorageError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import { blobPartKey, openBlobKey } from "./keys.ts";
import { getMany } from "./reads.ts";
import type { Store, Versioned } from "./store.ts";
import { newToken } from "./token.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/**
 * Names a blob and proves it whole. It is stored last, inside the record that uses the blob: parts that
 * no manifest names are not there for any reader.
 */
export interface BlobManifest extends Versioned {
  readonly v: 1;
  /** Id of the blob; never used for other bytes. */
  readonly blob: string;
  /** Number of parts. */
  readonly parts: number;
  /** Bytes in all. */
  readonly length: number;
  /** SHA-256 of all bytes, lower-case hexadecimal. */
  readonly sha256: string;
}

/** A part of a blob. */
export interface BlobPart extends Versioned {
  readonly v: 1;
  /** Incarnation that wrote it, so that parts left behind by a dead one can be found. */
  readonly owner: string | null;
  readonly bytes: Uint8Array;
}

/** Who writes a blob, and for how long it is wanted. */
export interface WriteBlobOptions {
  /** Incarnation that writes. */
  owner?: string;
  /** The store may drop the parts after this time. */
  expireInMs?: number;
  signal?: AbortSignal;
}

/** A blob whose manifest is not stored yet: it goes in the atomic that stores that. */
export interface OpenBlobRecord extends Versioned {
  readonly v: 1;
  /** Incarnation that writes it, or null. */
  readonly owner: string | null;
  /** Whatever named it is gone: its parts may go at once. */
  readonly isDeleted?: boolean;
}

/** Bytes of each part of a blob but the last. */
export const PART_BYTES = 60 * 1024;
/** Parts in one atomic: as many as it takes checks. */
const PARTS_PER_UNIT = 10;

/**
 * Stores bytes, or a text as UTF-8, in immutable parts under a fresh id. The caller then stores the
 * manifest, and in the same atomic deletes the key that `openBlobKey` gives for the blob: what still has
 * that key when its writer is gone is removed.
 * @throws {StorageError} when a part could not be stored
 */
export async function writeBlob(
  store: Store,
  content: Uint8Array | string,
  { owner, expireInMs, signal }: WriteBlobOptions = {},
): Promise<BlobManifest> {
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content.slice();
  const blob = newBlobId(store.clock.now());
  const parts = Math.ceil(bytes.length / PART_BYTES);
  for (let first = 0; first < parts; first += PARTS_PER_UNIT) {
    const unit = new UnitOfWork();
    if (first === 0) {
      const open: OpenBlobRecord = { v: 1, owner: owner ?? null };
      unit.set(openBlobKey(blob), open, { expireInMs });
    }
    const end = Math.min(first + PARTS_PER_UNIT, parts);
    for (let part = first; part < end; part += 1) {
      const value: BlobPart = {
        v: 1,
        owner: owner ?? null,
        // A copy, since a view would be stored together with all of its buffer.
        bytes: bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
      };
      unit.guard(blobPartKey(blob, part), null, value, { expireInMs });
    }
    const result = await commit(store, unit, { signal });
    if (!result.ok) throw new StorageError(`Blob "${blob}" exists already`);
  }
  const sha256 = await sha256Of(bytes);
  return { v: 1, blob, parts, length: bytes.length, sha256 };
}

/**
 * Reads the bytes that a manifest names; null when they are not exactly those.
 * @throws {StorageError} when the store does not answer
 */
export async function readBlob(
  store: Store,
  manifest: BlobManifest,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (manifest.parts !== Math.ceil(manifest.length / PART_BYTES)) return null;
  const bytes = new Uint8Array(manifest.length);
  let offset = 0;
  for (let first = 0; first < manifest.parts; first += PARTS_PER_UNIT) {
    const count = Math.min(PARTS_PER_UNIT, manifest.parts - first);
    const keys = Array.from(
      { length: count },
      (_, index) => blobPartKey(manifest.blob, first + index),
    );
    for (
      const { value } of await getMany<BlobPart[]>(store, keys, { signal })
    ) {
      if (value === null || offset + value.bytes.length > bytes.length) {
        return null;
      }
      bytes.set(value.bytes, offset);
      offset += value.bytes.length;
    }
  }
  if (offset !== bytes.length) return null;
  return await sha256Of(bytes) === manifest.sha256 ? bytes : null;
}

/** Reads a blob that holds a text; null as with `readBlob`. */
export async function readBlobText(
  store: Store,
  manifest: BlobManifest,
  options: { signal?: AbortSignal } = {},
): Promise<string | null> {
  const bytes = await readBlob(store, manifest, options);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

const TIME_DIGITS = 9;

/** When a blob was begun, out of its id, milliseconds since 1970 UTC. */
export function blobTime(blob: string): number {
  return parseInt(blob.slice("blb_".length).slice(0, TIME_DIGITS), 36);
}

/** An id that sorts by the time it was made, so that old parts are found without reading them. */
export function newBlobId(nowMs: number): string {
  const time = nowMs.toString(36).padStart(TIME_DIGITS, "0");
  return `blb_${time}${newToken()}`;
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
