/**
 * The bytes of files: written part by part while they come, never held as a whole. They stand in the store
 * as blobs do, so whoever removes those removes these.
 */
import { createHash } from "node:crypto";
import { AppError, StorageError } from "@/lib/errors.ts";
import {
  type BlobManifest,
  type BlobPart,
  newBlobId,
  PART_BYTES,
} from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import { blobPartKey, openBlobKey } from "@/lib/kv/keys.ts";
import { get, getMany } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

/** Bytes that are stored, and that no file names yet. */
export interface Content {
  manifest: BlobManifest;
  /** Versionstamp of the row that says so; null: it has no parts. */
  open: string | null;
}

export interface WriteContentOptions {
  /** Incarnation that writes. */
  owner: string;
  /** More bytes are refused. */
  maxBytes: number;
  signal?: AbortSignal;
}

/** Parts in one atomic, 240 KiB: others get their turn in between. */
const PARTS_PER_UNIT = 4;

/** Parts that one atomic removes: each is many pages of the store's file. */
const REMOVED_PER_UNIT = 50;

/** Parts that one read fetches. */
const PARTS_PER_READ = 2;

const MEGABYTE = 1_000_000;

/** The refusal of what is too large. @param maxBytes the limit */
export function fileTooLarge(maxBytes: number): AppError {
  const limit = maxBytes >= MEGABYTE
    ? `${maxBytes / MEGABYTE} MB`
    : `${maxBytes} bytes`;
  return new AppError({
    status: 413,
    code: "file_too_large",
    message: `The file is larger than the limit of ${limit}.`,
  });
}

/** Puts parts into the store, each group under a check that nobody has given the whole up meanwhile. */
class ContentWriter {
  readonly #store: Store;
  readonly #owner: string;
  readonly #blob: string;
  #open: string | null = null;
  #parts = 0;
  /** Used again for each atomic: they are copied when it is built. */
  readonly #buffers = Array.from(
    { length: PARTS_PER_UNIT },
    () => new Uint8Array(PART_BYTES),
  );
  /** Buffers that are full, and bytes in the one that follows. */
  #full = 0;
  #filled = 0;

  constructor(store: Store, owner: string) {
    this.#store = store;
    this.#owner = owner;
    this.#blob = newBlobId(store.clock.now());
  }

  get blob(): string {
    return this.#blob;
  }

  get open(): string | null {
    return this.#open;
  }

  get parts(): number {
    return this.#parts;
  }

  async add(bytes: Uint8Array): Promise<void> {
    let from = 0;
    while (from < bytes.length) {
      const room = PART_BYTES - this.#filled;
      const taken = bytes.subarray(from, from + room);
      this.#buffers[this.#full].set(taken, this.#filled);
      this.#filled += taken.length;
      from += taken.length;
      if (this.#filled < PART_BYTES) return;
      this.#full += 1;
      this.#filled = 0;
      if (this.#full === PARTS_PER_UNIT) await this.#flush();
    }
  }

  /** Stores what is left: the last part may be short. */
  async finish(): Promise<void> {
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const parts = this.#buffers.slice(0, this.#full);
    if (this.#filled > 0) {
      parts.push(this.#buffers[this.#full].slice(0, this.#filled));
    }
    if (parts.length === 0) return;
    const key = openBlobKey(this.#blob);
    const unit = new UnitOfWork();
    if (this.#open === null) {
      unit.guard(key, null, { v: 1, owner: this.#owner });
    } else unit.check(key, this.#open);
    for (const [place, bytes] of parts.entries()) {
      const value: BlobPart = { v: 1, owner: this.#owner, bytes };
      const part = blobPartKey(this.#blob, this.#parts + place);
      // One of them tells whether the atomic counted.
      if (place === 0) unit.guard(part, null, value);
      else unit.set(part, value);
    }
    const result = await commit(this.#store, unit);
    if (!result.ok) throw new StorageError("The file was given up meanwhile.");
    this.#open ??= result.versionstamp;
    this.#parts += parts.length;
    this.#full = 0;
    this.#filled = 0;
  }
}

/**
 * Stores bytes as they come, no faster than the store takes them. What was stored is removed again when
 * the bytes break off.
 * @throws {AppError} 413 `file_too_large`; {StorageError}; what the stream or the signal is aborted with
 */
export async function writeContent(
  store: Store,
  bytes: ReadableStream<Uint8Array>,
  { owner, maxBytes, signal }: WriteContentOptions,
): Promise<Content> {
  const writer = new ContentWriter(store, owner);
  const hash = createHash("sha256");
  let length = 0;
  const reader = bytes.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop, { once: true });
  try {
    while (true) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw fileTooLarge(maxBytes);
      hash.update(value);
      await writer.add(value);
    }
    await writer.finish();
  } catch (error) {
    void reader.cancel(error).catch(() => {});
    const { blob, open, parts } = writer;
    if (open !== null) await removeParts(store, blob, parts, open);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  const sha256 = hash.digest("hex");
  const { blob, open, parts } = writer;
  return { manifest: { v: 1, blob, parts, length, sha256 }, open };
}

/**
 * Removes the parts of a blob that nothing names, and last the row that says so. What it cannot remove is
 * left to the sweep of such blobs.
 * @param open versionstamp of that row
 */
export async function removeParts(
  store: Store,
  blob: string,
  parts: number,
  open: string,
): Promise<void> {
  const key = openBlobKey(blob);
  let checked = open;
  let part = 0;
  try {
    do {
      const unit = new UnitOfWork().guard(key, checked, {
        v: 1,
        owner: null,
        isDeleted: true,
      });
      const end = Math.min(part + REMOVED_PER_UNIT, parts);
      for (; part < end; part += 1) unit.delete(blobPartKey(blob, part));
      if (part === parts) unit.delete(key);
      const result = await commit(store, unit);
      if (!result.ok) return;
      checked = result.versionstamp;
    } while (part < parts);
  } catch {
    // The sweep finds the row.
  }
}

/** The row of a blob that nothing names; its versionstamp is null when there is none. */
export async function readOpenRow(
  store: Store,
  blob: string,
): Promise<string | null> {
  return (await get(store, openBlobKey(blob))).versionstamp;
}

/** Which bytes of a file to read: from one on, up to but without another. */
export interface ByteRange {
  from?: number;
  to?: number;
}

/**
 * Bytes that a manifest names, read while they are taken. The stream breaks off with a `StorageError`
 * when a part is gone, or when all of it was read and is not what was written.
 */
export function readContent(
  store: Store,
  { blob, parts, length, sha256 }: BlobManifest,
  { from = 0, to = length }: ByteRange = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const end = Math.min(to, length);
  const isWhole = from === 0 && end === length;
  const hash = isWhole ? createHash("sha256") : null;
  const gone = new AbortController();
  let at = from;
  return new ReadableStream({
    async pull(controller) {
      if (at >= end) {
        if (hash !== null && hash.digest("hex") !== sha256) {
          throw new StorageError("The file is damaged.");
        }
        controller.close();
        return;
      }
      const first = Math.floor(at / PART_BYTES);
      const last = Math.ceil(end / PART_BYTES);
      const count = Math.min(PARTS_PER_READ, last - first);
      const keys = Array.from(
        { length: count },
        (_, place) => blobPartKey(blob, first + place),
      );
      const found = await getMany<BlobPart[]>(store, keys, {
        signal: gone.signal,
      });
      for (const [place, { value }] of found.entries()) {
        const start = (first + place) * PART_BYTES;
        const size = Math.min(PART_BYTES, length - start);
        if (first + place >= parts || value?.bytes.length !== size) {
          throw new StorageError("The file was deleted, or is damaged.");
        }
        const bytes = value.bytes.subarray(at - start, end - start);
        hash?.update(bytes);
        at += bytes.length;
        controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      }
    },
    cancel: () => gone.abort(),
  }, { highWaterMark: 0 });
}
