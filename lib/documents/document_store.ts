/** Reads and writes of documents. Whatever belongs together is written in one atomic. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Chunk } from "./chunk/chunk.ts";
import type {
  ChunkPageRecord,
  DocumentRecord,
  StateRef,
  UploadRecord,
  WorkRecord,
} from "./document_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface Loaded<T> {
  record: T;
  versionstamp: string;
}

/** What collects changes that count together. */
export type DocumentUnit = UnitOfWork;

export interface DocumentView {
  record: DocumentRecord;
  work: WorkRecord | null;
  upload: UploadRecord | null;
  jobId: string | null;
}

/** What is told of a document: `document.<verb>`. */
export type DocumentVerb =
  | "uploaded"
  | "profiled"
  | "indexed"
  | "progress"
  | "failed"
  | "cancelled"
  | "changed"
  | "deleted";

interface JobRow {
  readonly v: 1;
  readonly job: string;
}

/** Rows that one atomic removes. */
const REMOVED_PER_UNIT = 50;

export class DocumentStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get nowMs(): number {
    return this.#store.clock.now();
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  newUnit(): DocumentUnit {
    return new UnitOfWork();
  }

  /** False: something it checks has changed. */
  async commit(unit: DocumentUnit, signal?: AbortSignal): Promise<boolean> {
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** As `commit`, with the versionstamp; null in place of false. */
  async commitStamped(
    unit: DocumentUnit,
    signal?: AbortSignal,
  ): Promise<string | null> {
    const result = await commit(this.#store, unit, { signal });
    return result.ok ? result.versionstamp : null;
  }

  async load(
    space: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<Loaded<DocumentRecord> | null> {
    return await this.#load(keys.documentKey(space, id), signal);
  }

  async loadWork(
    space: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<Loaded<WorkRecord> | null> {
    return await this.#load(keys.documentWorkKey(space, id), signal);
  }

  async loadUpload(
    space: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<Loaded<UploadRecord> | null> {
    return await this.#load(keys.uploadKey(space, id), signal);
  }

  async #load<T>(
    key: Deno.KvKey,
    signal?: AbortSignal,
  ): Promise<Loaded<T> | null> {
    const { value, versionstamp } = await get<T>(this.#store, key, { signal });
    return value === null || versionstamp === null
      ? null
      : { record: value, versionstamp };
  }

  /** A document with what is under way with it; null: there is none. */
  async view(space: string, id: string): Promise<DocumentView | null> {
    const [record, work, upload, job] = await getMany<
      [DocumentRecord, WorkRecord, UploadRecord, JobRow]
    >(this.#store, [
      keys.documentKey(space, id),
      keys.documentWorkKey(space, id),
      keys.uploadKey(space, id),
      keys.documentJobKey(space, id),
    ]);
    return record.value === null ? null : {
      record: record.value,
      work: work.value,
      upload: upload.value,
      jobId: job.value?.job ?? null,
    };
  }

  /** Newest first. */
  async list(
    space: string,
    before: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<DocumentView[]> {
    const rows = await Array.fromAsync(
      list<DocumentRecord>(this.#store, keys.documents(space, before), {
        reverse: true,
        limit,
        signal,
      }),
    );
    return await Promise.all(
      rows.map(({ value }) => this.#withWork(space, value)),
    );
  }

  /** Of a document that rests nothing more is read. */
  async #withWork(
    space: string,
    record: DocumentRecord,
  ): Promise<DocumentView> {
    if (record.state === "ready") {
      return { record, work: null, upload: null, jobId: null };
    }
    return await this.view(space, record.id) ??
      { record, work: null, upload: null, jobId: null };
  }

  /** Documents of a project, newest first. */
  async listOfProject(
    space: string,
    project: string,
    before: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const rows = list(
      this.#store,
      keys.projectDocuments(space, project, before),
      { reverse: true, limit, signal },
    );
    const ids: string[] = [];
    for await (const { key } of rows) {
      ids.push(keys.parseProjectDocumentKey(key));
    }
    return ids;
  }

  async loadMany(
    space: string,
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<DocumentRecord[]> {
    const rows = await getMany<DocumentRecord[]>(
      this.#store,
      ids.map((id) => keys.documentKey(space, id)),
      { signal },
    );
    return rows.flatMap(({ value }) => value === null ? [] : [value]);
  }

  /** Adds a new document, and its upload where its bytes come that way. */
  add(
    unit: DocumentUnit,
    space: string,
    record: DocumentRecord,
    upload: UploadRecord | null,
  ): DocumentUnit {
    const { id, projectId } = record;
    unit.guard(keys.documentKey(space, id), null, record);
    if (projectId !== null) {
      unit.set(keys.projectDocumentKey(space, projectId, id), { v: 1 });
    }
    if (upload !== null) {
      unit.guard(keys.uploadKey(space, id), null, upload);
      unit.set(
        keys.uploadExpiryKey(upload.expiresAtMs, space, id),
        { v: 1 },
      );
    }
    return unit;
  }

  /** Writes the next state of a document under a check of the one that was loaded. */
  change(
    unit: DocumentUnit,
    space: string,
    { record: before, versionstamp }: Loaded<DocumentRecord>,
    after: DocumentRecord,
  ): DocumentUnit {
    const { id } = after;
    unit.guard(keys.documentKey(space, id), versionstamp, {
      ...after,
      updatedAt: this.now,
    });
    if (before.projectId !== after.projectId) {
      if (before.projectId !== null) {
        unit.delete(keys.projectDocumentKey(space, before.projectId, id));
      }
      if (after.projectId !== null) {
        unit.set(keys.projectDocumentKey(space, after.projectId, id), { v: 1 });
      }
    }
    return unit;
  }

  /** Writes how far the work is, under a check of what it was; null: there was none. */
  changeWork(
    unit: DocumentUnit,
    space: string,
    id: string,
    before: string | null,
    after: WorkRecord,
  ): DocumentUnit {
    return unit.guard(keys.documentWorkKey(space, id), before, after);
  }

  /** Removes parts of a state that the unit's work goes on without. */
  dropState(
    unit: DocumentUnit,
    space: string,
    id: string,
    state: StateRef | null,
  ): DocumentUnit {
    for (let part = 0; part < (state?.parts ?? 0); part += 1) {
      unit.delete(keys.documentStateKey(space, id, state!.id, part));
    }
    return unit;
  }

  changeUpload(
    unit: DocumentUnit,
    space: string,
    id: string,
    before: string,
    after: UploadRecord,
  ): DocumentUnit {
    return unit.guard(keys.uploadKey(space, id), before, after);
  }

  /** The upload is over; its parts stay. */
  endUpload(
    unit: DocumentUnit,
    space: string,
    id: string,
    { record, versionstamp }: Loaded<UploadRecord>,
  ): DocumentUnit {
    return unit.check(keys.uploadKey(space, id), versionstamp)
      .delete(keys.uploadKey(space, id))
      .delete(keys.uploadExpiryKey(record.expiresAtMs, space, id));
  }

  addPart(
    unit: DocumentUnit,
    space: string,
    id: string,
    offset: number,
    bytes: Uint8Array,
  ): DocumentUnit {
    return unit.set(keys.uploadPartKey(space, id, offset), { v: 1, bytes });
  }

  /**
   * The bytes of an upload, in their order.
   * @param onPart told where each part begins
   */
  async *readParts(
    space: string,
    id: string,
    onPart: (offset: number) => void,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    const rows = list<{ v: 1; bytes: Uint8Array<ArrayBuffer> }>(
      this.#store,
      keys.uploadParts(space, id),
      { batchSize: 4, signal },
    );
    for await (const { key, value } of rows) {
      onPart(keys.parseUploadPartKey(key));
      yield value.bytes;
    }
  }

  setJob(
    unit: DocumentUnit,
    space: string,
    id: string,
    job: string,
  ): DocumentUnit {
    return unit.set(keys.documentJobKey(space, id), { v: 1, job });
  }

  async jobOf(space: string, id: string): Promise<string | null> {
    const key = keys.documentJobKey(space, id);
    return (await get<JobRow>(this.#store, key)).value?.job ?? null;
  }

  /** Marks a document as whole and not done, so that it is found when events were lost. */
  setPending(
    unit: DocumentUnit,
    space: string,
    id: string,
    isPending: boolean,
  ): DocumentUnit {
    const key = keys.pendingDocumentKey(space, id);
    return isPending ? unit.set(key, { v: 1 }) : unit.delete(key);
  }

  async pendingAfter(
    place: { space: string; document: string } | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ space: string; document: string }[]> {
    const rows = list(this.#store, keys.pendingDocumentsAfter(place), {
      limit,
      signal,
    });
    const found: { space: string; document: string }[] = [];
    for await (const { key } of rows) {
      found.push(keys.parsePendingDocumentKey(key));
    }
    return found;
  }

  tell(
    unit: DocumentUnit,
    space: string,
    id: string,
    verb: DocumentVerb,
    data: Record<string, unknown>,
  ): DocumentUnit {
    return unit.event(space, {
      type: `document.${verb}`,
      at: this.nowMs,
      subject: id,
      data: { documentId: id, ...data },
    });
  }

  addChunks(
    unit: DocumentUnit,
    space: string,
    id: string,
    reading: number,
    first: number,
    chunks: readonly Chunk[],
  ): DocumentUnit {
    const page: ChunkPageRecord = { v: 1, reading, chunks };
    return unit.set(keys.chunkPageKey(space, id, first), page);
  }

  /** Chunks from a number on, of the given reading. */
  async readChunks(
    space: string,
    { id, reading }: Pick<DocumentRecord, "id" | "reading">,
    from: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ number: number; chunk: Chunk }[]> {
    const found: { number: number; chunk: Chunk }[] = [];
    const holding = await Array.fromAsync(
      list(this.#store, keys.chunkPagesUpTo(space, id, from), {
        reverse: true,
        limit: 1,
        signal,
      }),
    );
    const first = holding.length === 0
      ? from
      : keys.parseChunkPageKey(holding[0].key);
    const rows = list<ChunkPageRecord>(
      this.#store,
      keys.chunkPages(space, id, first),
      { batchSize: 4, signal },
    );
    for await (const { key, value } of rows) {
      if (value.reading !== reading) continue;
      const start = keys.parseChunkPageKey(key);
      for (const [place, chunk] of value.chunks.entries()) {
        if (start + place < from) continue;
        found.push({ number: start + place, chunk });
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Removes rows of a document that nothing names any more. */
  async removeRows(
    space: string,
    id: string,
    what: "upload" | "chunks" | "states",
    signal?: AbortSignal,
  ): Promise<void> {
    const gone: Deno.KvKey[] = [];
    const selector = what === "upload"
      ? keys.uploadParts(space, id)
      : what === "chunks"
      ? keys.chunkPages(space, id)
      : keys.documentStates(space, id);
    const rows = list(this.#store, selector, { batchSize: 8, signal });
    for await (const { key } of rows) gone.push(key);
    await this.#removeKeys(space, id, gone, signal);
  }

  /** Removes parts of an upload by where they begin, without reading them again. */
  async removeParts(
    space: string,
    id: string,
    offsets: readonly number[],
    signal?: AbortSignal,
  ): Promise<void> {
    const gone = offsets.map((offset) => keys.uploadPartKey(space, id, offset));
    await this.#removeKeys(space, id, gone, signal);
  }

  async #removeKeys(
    space: string,
    id: string,
    gone: readonly Deno.KvKey[],
    signal?: AbortSignal,
  ): Promise<void> {
    const guard = keys.documentRemovalKey(space, id);
    for (let from = 0; from < gone.length; from += REMOVED_PER_UNIT) {
      const { versionstamp } = await get(this.#store, guard, { signal });
      const unit = new UnitOfWork().guard(guard, versionstamp, { v: 1 });
      for (const key of gone.slice(from, from + REMOVED_PER_UNIT)) {
        unit.delete(key);
      }
      // Who is faster removes the same.
      await commit(this.#store, unit, { signal });
    }
    if (gone.length === 0) return;
    const { versionstamp } = await get(this.#store, guard, { signal });
    const last = new UnitOfWork().guard(guard, versionstamp, { v: 1 });
    await commit(this.#store, last.delete(guard), { signal });
  }

  /** Removes everything that the work on a document has left. */
  async removeAll(
    space: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const what of ["upload", "chunks", "states"] as const) {
      await this.removeRows(space, id, what, signal);
    }
  }

  /** Takes a document away from everybody's eyes; what else there is of it goes later. */
  remove(
    unit: DocumentUnit,
    space: string,
    { record: { id, projectId }, versionstamp }: Loaded<DocumentRecord>,
    upload: UploadRecord | null,
  ): DocumentUnit {
    const key = keys.documentKey(space, id);
    unit.check(key, versionstamp).delete(key)
      .delete(keys.documentWorkKey(space, id))
      .delete(keys.documentJobKey(space, id))
      .delete(keys.uploadKey(space, id))
      .delete(keys.pendingDocumentKey(space, id));
    if (projectId !== null) {
      unit.delete(keys.projectDocumentKey(space, projectId, id));
    }
    if (upload !== null) {
      unit.delete(keys.uploadExpiryKey(upload.expiresAtMs, space, id));
    }
    return unit;
  }

  /** Uploads that nobody has gone on with, longest ago first. */
  async expiredUploads(
    limit: number,
    signal: AbortSignal,
  ): Promise<{ space: string; document: string }[]> {
    const rows = list(this.#store, keys.uploadExpiries(this.nowMs), {
      limit,
      signal,
    });
    const found: { space: string; document: string }[] = [];
    for await (const { key } of rows) {
      found.push(keys.parseUploadExpiryKey(key));
    }
    return found;
  }

  /** Removes what says that an upload is waited for, where none is. */
  async forgetExpiry(
    space: string,
    document: string,
    signal: AbortSignal,
  ): Promise<void> {
    const rows = list(this.#store, keys.uploadExpiries(this.nowMs), { signal });
    for await (const { key, versionstamp } of rows) {
      const place = keys.parseUploadExpiryKey(key);
      if (place.space !== space || place.document !== document) continue;
      const unit = new UnitOfWork().guard(key, versionstamp, { v: 1 });
      await commit(this.#store, unit.delete(key), { signal });
    }
  }
}
