/**
 * Uploads that survive whatever breaks off: the bytes are stored as they come, and whoever goes on asks
 * how many there are. The terms are those of the tus protocol, version 1.0 (https://tus.io).
 */
import { AppError } from "@/lib/errors.ts";
import { newId } from "@/lib/shared/ids.ts";
import {
  changing,
  documentTooLarge,
  noSuchDocument,
  uploadTooLong,
} from "./document_errors.ts";
import { isTooLarge, type NewUpload } from "./document_input.ts";
import type { DocumentRecord, UploadRecord } from "./document_record.ts";
import type { DocumentStore, Loaded } from "./document_store.ts";
import { MAX_DOCUMENT_BYTES, UPLOAD_KEPT_MS } from "./upload_limits.ts";
import { newDocument, newWork } from "./new_document.ts";

/** How far an upload is, in bytes. */
export interface UploadProgress {
  offset: number;
  /** Null: it is not said before the end. */
  size: number | null;
  isDone: boolean;
}

/** One row of the store. */
const PART_BYTES = 60 * 1024;
/** Rows that are written together. */
const PARTS_PER_UNIT = 8;
/** Times that the end of an upload is tried while the document changes. */
const CONFLICTS = 5;

export class Uploads {
  readonly #store: DocumentStore;

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  /**
   * Begins an upload.
   * @param wanted without a size its end is told by `finish`
   * @throws {AppError} 413 `document_too_large`
   */
  async begin(
    space: string,
    { name, size, projectId }: Omit<NewUpload, "size"> & {
      size: number | null;
    },
  ): Promise<string> {
    if (size !== null && isTooLarge(size)) throw documentTooLarge();
    const id = newId("doc");
    const record: DocumentRecord = {
      ...newDocument(id, name, this.#store.now),
      state: "uploading",
      bytes: size,
      projectId,
    };
    const unit = this.#store.newUnit();
    this.#store.add(unit, space, record, {
      v: 1,
      offset: 0,
      size,
      expiresAtMs: this.#store.nowMs + UPLOAD_KEPT_MS,
    });
    this.#store.tell(unit, space, id, "changed", { state: record.state });
    if (!await this.#store.commit(unit)) throw changing();
    return id;
  }

  /** @throws {AppError} 404 `not_found` */
  async progress(space: string, id: string): Promise<UploadProgress> {
    const [loaded, upload] = await Promise.all([
      this.#store.load(space, id),
      this.#store.loadUpload(space, id),
    ]);
    if (loaded === null) throw noSuchDocument();
    if (upload === null) {
      const size = loaded.record.bytes;
      if (size === null) throw noSuchDocument();
      return { offset: size, size, isDone: true };
    }
    return toProgress(upload.record);
  }

  /**
   * Adds bytes to an upload. What has come when they break off stays. With the last byte the document is
   * handed on to be read.
   * @throws {AppError} 404 `not_found`, 409 `upload_offset_mismatch`, 413 `document_too_large`
   */
  async append(
    space: string,
    id: string,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<UploadProgress> {
    let upload = await this.#store.loadUpload(space, id);
    if (upload === null) {
      const done = await this.progress(space, id);
      if (offset !== done.offset) throw mismatch(done.offset);
      return done;
    }
    if (offset !== upload.record.offset) throw mismatch(upload.record.offset);
    const { size } = upload.record;
    const most = size ?? MAX_DOCUMENT_BYTES;
    let waiting: Uint8Array<ArrayBuffer>[] = [];
    let part = new Uint8Array(PART_BYTES);
    let filled = 0;
    const flush = async () => {
      if (filled > 0) waiting.push(part.slice(0, filled));
      filled = 0;
      if (waiting.length > 0) {
        upload = await this.#write(space, id, upload!, waiting);
      }
      waiting = [];
    };
    let received = offset;
    try {
      for await (const chunk of bytes) {
        received += chunk.length;
        if (received > most) {
          throw size === null ? documentTooLarge() : uploadTooLong(size);
        }
        for (let from = 0; from < chunk.length;) {
          const taken = chunk.subarray(from, from + PART_BYTES - filled);
          part.set(taken, filled);
          filled += taken.length;
          from += taken.length;
          if (filled < PART_BYTES) break;
          waiting.push(part);
          part = new Uint8Array(PART_BYTES);
          filled = 0;
          if (waiting.length === PARTS_PER_UNIT) await flush();
        }
      }
    } catch (error) {
      // What is too much belongs to no upload; what broke off goes on from here.
      const isRefused = error instanceof AppError &&
        (error.status === 413 || error.status === 409);
      if (!isRefused) await flush();
      throw error;
    }
    await flush();
    if (upload.record.offset === upload.record.size) {
      await this.finish(space, id);
      return { ...toProgress(upload.record), isDone: true };
    }
    return toProgress(upload.record);
  }

  /**
   * Ends an upload whose last byte has come, and tells that there is a document.
   * @throws {AppError} 404 `not_found`, 400 `invalid_request` for one without a byte
   */
  async finish(space: string, id: string): Promise<void> {
    for (let tries = 0; tries < CONFLICTS; tries += 1) {
      const [loaded, upload] = await Promise.all([
        this.#store.load(space, id),
        this.#store.loadUpload(space, id),
      ]);
      if (loaded === null) throw noSuchDocument();
      if (upload === null) return;
      const { record } = loaded;
      if (upload.record.offset === 0) {
        throw new AppError({
          status: 400,
          code: "invalid_request",
          message: "The document is empty.",
        });
      }
      const unit = this.#store.newUnit();
      this.#store.change(unit, space, loaded, {
        ...record,
        state: "waiting",
        bytes: upload.record.offset,
      });
      this.#store.endUpload(unit, space, id, upload);
      this.#store.changeWork(unit, space, id, null, newWork(record.reading));
      this.#store.setPending(unit, space, id, true);
      const { reading } = record;
      this.#store.tell(unit, space, id, "uploaded", { reading });
      if (await this.#store.commit(unit)) return;
    }
    throw changing();
  }

  /** Stores parts behind those that are there. @throws {AppError} 409 when somebody else does the same */
  async #write(
    space: string,
    id: string,
    { record, versionstamp }: Loaded<UploadRecord>,
    parts: readonly Uint8Array[],
  ): Promise<Loaded<UploadRecord>> {
    const unit = this.#store.newUnit();
    let { offset } = record;
    for (const bytes of parts) {
      this.#store.addPart(unit, space, id, offset, bytes);
      offset += bytes.length;
    }
    const after = { ...record, offset };
    this.#store.changeUpload(unit, space, id, versionstamp, after);
    const stamp = await this.#store.commitStamped(unit);
    if (stamp === null) {
      const now = await this.progress(space, id);
      throw mismatch(now.offset);
    }
    return { record: after, versionstamp: stamp };
  }
}

function toProgress({ offset, size }: UploadRecord): UploadProgress {
  return { offset, size, isDone: false };
}

function mismatch(offset: number): AppError {
  return new AppError({
    status: 409,
    code: "upload_offset_mismatch",
    message: `The upload goes on from byte ${offset}.`,
    headers: { "upload-offset": String(offset) },
    extra: { offset },
  });
}
