/** Files of any kind and up to any size, in spaces: streamed in, streamed out, and immutable between. */
import { AppError, StorageError } from "@/lib/errors.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newIdText } from "@/lib/shared/ids.ts";
import {
  type ByteRange,
  type Content,
  readContent,
  removeParts,
  writeContent,
} from "./file_content.ts";
import {
  type FileRecord,
  type NewFile,
  type StoredFile,
  toFileRecord,
} from "./file_record.ts";
import { type FilePlace, FileStore } from "./file_store.ts";

/** Largest file that people and programs may upload, in bytes. */
export const MAX_UPLOAD_BYTES = 128_000_000;

/** Longest name of a file, in UTF-16 code units. */
const MAX_NAME_CHARACTERS = 255;

export interface FilesParts {
  store: Store;
  /** Id of the incarnation that writes. */
  owner: () => string;
}

export interface WriteLimits {
  /** More bytes are refused with 413. */
  maxBytes: number;
  signal?: AbortSignal;
}

export interface FileListing {
  /** Null or absent: all. */
  purpose?: string | null;
  /** Newest first: those made before this one. */
  before?: string | null;
  /** In place of `before`: a place in either direction. */
  place?: FilePlace;
  limit: number;
}

export class Files {
  readonly #parts: FilesParts;
  readonly #store: FileStore;

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#store = new FileStore(parts.store);
  }

  /**
   * Stores a file while its bytes come. One that breaks off leaves nothing.
   * @throws {AppError} 413 `file_too_large`
   * @throws {StorageError} when the store fails
   */
  async create(
    space: string,
    wanted: NewFile,
    bytes: ReadableStream<Uint8Array>,
    limits: WriteLimits,
  ): Promise<FileRecord> {
    return await this.keep(space, wanted, await this.write(bytes, limits));
  }

  /** Stores bytes of which it is not known yet what they are: `keep` or `drop` follows. */
  async write(
    bytes: ReadableStream<Uint8Array>,
    { maxBytes, signal }: WriteLimits,
  ): Promise<Content> {
    const { store, owner } = this.#parts;
    return await writeContent(store, bytes, {
      owner: owner(),
      maxBytes,
      signal,
    });
  }

  /** Makes a file of bytes that are stored. */
  async keep(
    space: string,
    wanted: NewFile,
    content: Content,
  ): Promise<FileRecord> {
    const unit = new UnitOfWork();
    const record = this.add(unit, space, wanted, content);
    if (await this.#store.commit(unit)) return record;
    throw new StorageError("The file was given up meanwhile.");
  }

  /** As `keep`, in the atomic of what the file belongs to: three checks and three changes at most. */
  add(
    unit: UnitOfWork,
    space: string,
    { name, mediaType, purpose, expiresAtMs = null, user = null }: NewFile,
    content: Content,
  ): FileRecord {
    const stored: StoredFile = {
      v: 1,
      id: `file-${newIdText()}`,
      name: cleanName(name),
      mediaType,
      purpose,
      createdAt: new Date(this.#store.nowMs).toISOString(),
      expiresAtMs,
      ...(user === null ? {} : { user }),
      content: content.manifest,
    };
    this.#store.add(unit, space, stored, content);
    return toFileRecord(stored);
  }

  /** As `keep`, as changes that count together with others, or not at all. */
  pending(
    space: string,
    wanted: NewFile,
    content: Content,
  ): { file: FileRecord; effects: UnitOfWork } {
    const effects = new UnitOfWork();
    return { file: this.add(effects, space, wanted, content), effects };
  }

  /** Removes bytes that are to be no file after all. */
  async drop({ manifest: { blob, parts }, open }: Content): Promise<void> {
    if (open === null) return;
    await removeParts(this.#parts.store, blob, parts, open);
  }

  /** @throws {AppError} 404 `not_found` */
  async get(space: string, id: string): Promise<FileRecord> {
    return toFileRecord((await this.#load(space, id)).stored);
  }

  /** Null in place of 404. */
  async find(space: string, id: string): Promise<FileRecord | null> {
    const loaded = await this.#store.load(space, id);
    return loaded === null ? null : toFileRecord(loaded.stored);
  }

  /**
   * The bytes of a file as they are taken. A file that is deleted meanwhile breaks off with a
   * `StorageError`.
   * @throws {AppError} 404 `not_found` (from the first read)
   */
  read(
    space: string,
    id: string,
    range: ByteRange = {},
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const load = async function* (files: Files) {
      const { stored } = await files.#load(space, id);
      yield* readContent(files.#parts.store, stored.content, range);
    };
    return ReadableStream.from(load(this));
  }

  async list(
    space: string,
    { purpose = null, before = null, place, limit }: FileListing,
    signal?: AbortSignal,
  ): Promise<FileRecord[]> {
    const from = place ?? { order: "desc" as const, after: before };
    const found = await this.#store.list(space, from, purpose, limit, signal);
    return found.map(toFileRecord);
  }

  /** Deletes a file. @throws {AppError} 404 `not_found` */
  async remove(space: string, id: string): Promise<void> {
    const loaded = await this.#load(space, id);
    if (!await this.#store.remove(space, loaded)) throw noSuchFile();
  }

  /** Removes files that are kept no longer; how many there were. */
  async sweep(signal: AbortSignal): Promise<number> {
    return await this.#store.sweep(signal);
  }

  async #load(space: string, id: string) {
    const loaded = await this.#store.load(space, id);
    if (loaded === null) throw noSuchFile();
    return loaded;
  }
}

/** The name without what no name has; a path counts by its last part. */
export function cleanName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  // deno-lint-ignore no-control-regex -- exactly these are to go
  const printable = last.replace(/[\u0000-\u001f\u007f]/g, "").trim();
  const short = printable.slice(0, MAX_NAME_CHARACTERS)
    .replace(/[\uD800-\uDBFF]$/, "");
  return short === "" || short === "." || short === ".." ? "file" : short;
}

function noSuchFile(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such file.",
  });
}
