/**
 * The work on a document that is whole: what it is and its profile, then its chunks and their index. It
 * goes on in batches; each is stored with the place where the next one begins, so a process that dies
 * costs one batch.
 */
import { AppError } from "@/lib/errors.ts";
import type { Files } from "@/lib/files/files.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { DocumentProfile } from "@/lib/shared/documents/profile_wire.ts";
import type { Chunk } from "./chunk/chunk.ts";
import type { DocumentIndex } from "./document_index.ts";
import type { DocumentRecord, WorkRecord } from "./document_record.ts";
import type { DocumentStore, DocumentUnit, Loaded } from "./document_store.ts";
import { UnreadableDocument } from "./engine/steps.ts";
import { type DocumentReading, HEAD_BYTES } from "./parse/detect_format.ts";
import { MAX_PDF_BYTES, NO_TEXT } from "./parse/read_pdf.ts";
import { readRange } from "./read_range.ts";
import type { StateStore } from "./state_store.ts";
import { storeUpload } from "./store_upload.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** What a job is told, as far as the work needs it. */
export interface WorkContext {
  space: string;
  input: { documentId: string; reading: number };
  signal: AbortSignal;
  log: Logger;
  progress(value: number, message?: string): void;
}

export interface IngestionParts {
  store: DocumentStore;
  states: StateStore;
  files: Files;
  index: DocumentIndex;
  pool: WorkerPool;
  bounds?: Partial<IngestionBounds>;
}

export interface IngestionBounds {
  /** Bytes of a batch of the profile. */
  profileBytes: number;
  /** Bytes of a batch of the index. */
  indexBytes: number;
  /** Pages of a batch of a PDF. */
  pages: number;
  /** Chunks that a text or PDF may have. */
  textChunks: number;
  /** Chunks that a table may have: beyond, its profile tells more than its rows. */
  tableChunks: number;
}

export const BOUNDS: IngestionBounds = {
  profileBytes: 4 * 1024 * 1024,
  indexBytes: 48 * 1024,
  pages: 20,
  textChunks: 20_000,
  tableChunks: 2_000,
};

/** Chunks of one row of the store: far below its limit also where each character takes two bytes. */
const CHUNKS_PER_PAGE = 12;
/** Longest piece that is read for a single record. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Batches after which the segments they have left are merged. */
const BATCHES_BETWEEN_MERGES = 32;
/** Writes that others may be faster with, one after the other. */
const CONFLICTS = 5;

/** The profile is the first half of a reading, the index the second. */
const HALF = 0.5;

type Bytes = Uint8Array<ArrayBuffer>;
type WholeRecord = DocumentRecord & { fileId: string; bytes: number };

/** The document was deleted, or is read anew. */
class Superseded extends Error {
  override readonly name = "Superseded";

  constructor(readonly isDeleted: boolean) {
    super(
      isDeleted ? "The document was deleted." : "The document is read anew.",
    );
  }
}

export class Ingestion {
  readonly #parts: IngestionParts;
  readonly #bounds: IngestionBounds;

  constructor(parts: IngestionParts) {
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...parts.bounds };
  }

  /**
   * Finds out what a document is, and profiles it. What has been done is not done again.
   * @returns a sentence of what came out
   * @throws {UnreadableDocument} when no further attempt can help
   */
  async profile(context: WorkContext): Promise<string> {
    return await this.#guarded(context, async () => {
      const document = await this.#begin(context, "profiling");
      const work = await this.#workOf(context);
      if (work.record.phase !== "profile") return "It has its profile already.";
      const known = await this.#detected(context, document, work);
      const { profile, last } = known.record.format?.format === "pdf"
        ? await this.#profilePdf(context, document, known)
        : await this.#profileBytes(context, document, known);
      await this.#endProfile(context, profile, last);
      return wordsOf(profile);
    });
  }

  /** Cuts a document into chunks and puts these into the index. As `profile` otherwise. */
  async index(context: WorkContext): Promise<string> {
    return await this.#guarded(context, async () => {
      const document = await this.#begin(context, "indexing");
      const { space, input: { documentId }, signal } = context;
      let work = await this.#workOf(context);
      if (work.record.phase !== "index") return "It is indexed already.";
      if (work.record.at === 0 && document.reading > 1) {
        await this.#parts.store.removeRows(space, documentId, "chunks", signal);
      }
      let batches = 0;
      let isCutOff = false;
      while (true) {
        const { record } = work;
        const most = this.#mostChunks(record.format);
        const total = record.format?.format === "pdf"
          ? document.pages ?? 0
          : document.bytes;
        isCutOff = record.chunks >= most && record.at < total;
        if (record.at >= total || isCutOff) break;
        work = await this.#indexBatch(context, document, work, most, total);
        batches += 1;
        if (batches % BATCHES_BETWEEN_MERGES === 0) {
          await this.#parts.index.tidy(space, signal);
        }
      }
      await this.#endIndex(context, document, work, isCutOff);
      // A process may have died between making the file and this.
      await this.#parts.store.removeRows(space, documentId, "upload", signal);
      await this.#parts.index.tidy(space, signal);
      return `${count(work.record.chunks, "piece")} can be found.`;
    });
  }

  async #guarded(
    { space, input: { documentId }, signal }: WorkContext,
    work: () => Promise<string>,
  ): Promise<string> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      if (error.isDeleted) {
        await this.#parts.store.removeAll(space, documentId, signal);
      }
      return error.message;
    }
  }

  /** Says that the work goes on, and puts the bytes where they belong. */
  async #begin(
    context: WorkContext,
    state: "profiling" | "indexing",
  ): Promise<WholeRecord> {
    const { store, files } = this.#parts;
    const { space, input, signal } = context;
    for (let tries = 0; tries < CONFLICTS; tries += 1) {
      const loaded = await this.#load(context);
      const { record } = loaded;
      if (record.fileId === null) {
        await storeUpload(store, files, space, loaded, signal);
        continue;
      }
      if (record.state === state) return record as WholeRecord;
      const unit = store.newUnit();
      const after = { ...record, state, error: null };
      store.change(unit, space, loaded, after);
      store.setPending(unit, space, input.documentId, true);
      store.tell(unit, space, input.documentId, "changed", { state });
      if (await store.commit(unit)) return after as WholeRecord;
    }
    throw changing();
  }

  /** @throws {Superseded} when it is not there any more, or is read anew */
  async #load({ space, input, signal }: WorkContext) {
    const loaded = await this.#parts.store.load(
      space,
      input.documentId,
      signal,
    );
    if (loaded === null) throw new Superseded(true);
    if (loaded.record.reading !== input.reading) {
      throw new Superseded(false);
    }
    return loaded;
  }

  async #workOf(context: WorkContext): Promise<Loaded<WorkRecord>> {
    const { space, input, signal } = context;
    const work = await this.#parts.store.loadWork(
      space,
      input.documentId,
      signal,
    );
    if (work !== null && work.record.reading === input.reading) return work;
    await this.#load(context);
    throw changing();
  }

  /** Stores the next state of the work. */
  async #advance(
    context: WorkContext,
    before: Loaded<WorkRecord>,
    after: WorkRecord,
    commit: (fill: (unit: DocumentUnit) => void) => Promise<string | null>,
  ): Promise<Loaded<WorkRecord>> {
    const { store } = this.#parts;
    const { space, input: { documentId } } = context;
    const record = {
      ...after,
      progress: Math.max(before.record.progress, after.progress),
    };
    const stamp = await commit((unit) => {
      store.changeWork(unit, space, documentId, before.versionstamp, record);
      if (before.record.state?.id !== record.state?.id) {
        store.dropState(unit, space, documentId, before.record.state);
      }
      const { progress, message } = record;
      store.tell(unit, space, documentId, "progress", { progress, message });
    });
    if (stamp === null) {
      // Whoever has it now is told by what is stored.
      await this.#load(context);
      throw changing();
    }
    const done = record.phase === "index"
      ? (record.progress - HALF) / HALF
      : record.progress / HALF;
    context.progress(Math.min(Math.max(done, 0), 1), record.message);
    return { record, versionstamp: stamp };
  }

  async #commitAlone(fill: (unit: DocumentUnit) => void) {
    const unit = this.#parts.store.newUnit();
    fill(unit);
    return await this.#parts.store.commitStamped(unit);
  }

  async #detected(
    context: WorkContext,
    { name, fileId, bytes }: WholeRecord,
    work: Loaded<WorkRecord>,
  ): Promise<Loaded<WorkRecord>> {
    if (work.record.format !== null) return work;
    const { pool } = this.#parts;
    const { signal } = context;
    const head = await this.#read(context, fileId, 0, HEAD_BYTES);
    const format = await pool.run({ type: "detect", head, name }, signal);
    if ("refused" in format) throw new UnreadableDocument(format.refused);
    if (format.format === "pdf" && bytes > MAX_PDF_BYTES) {
      throw new UnreadableDocument(
        `A PDF may have ${MAX_PDF_BYTES / 1_000_000} MB at most.`,
      );
    }
    const at = format.format === "pdf" ? 0 : format.bom;
    return await this.#advance(
      context,
      work,
      { ...work.record, format, at, message: "Looking at it" },
      (fill) => this.#commitAlone(fill),
    );
  }

  async #profilePdf(
    context: WorkContext,
    { fileId, bytes }: WholeRecord,
    work: Loaded<WorkRecord>,
  ) {
    const whole = await this.#read(context, fileId, 0, bytes);
    const profile = await this.#parts.pool.run(
      { type: "pdf-profile", bytes: whole },
      context.signal,
    );
    return { profile, last: work };
  }

  async #profileBytes(
    context: WorkContext,
    { fileId, bytes: total }: WholeRecord,
    first: Loaded<WorkRecord>,
  ): Promise<{ profile: DocumentProfile; last: Loaded<WorkRecord> }> {
    const { pool, states } = this.#parts;
    const { space, input: { documentId }, signal } = context;
    let work = first;
    let size = this.#bounds.profileBytes;
    let state = work.record.state === null
      ? null
      : await states.read(space, documentId, work.record.state, signal);
    while (true) {
      const { record } = work;
      const { at, format } = record;
      if (format === null || format.format === "pdf") throw changing();
      const bytes = await this.#read(context, fileId, at, size);
      const isEnd = at + bytes.length >= total;
      const result = await pool.run(
        { type: "profile", reading: format, state, bytes, isEnd },
        signal,
      );
      if (result.profile !== null) {
        return { profile: result.profile, last: work };
      }
      size = result.taken === 0
        ? Math.min(2 * size, MAX_BATCH_BYTES)
        : this.#bounds.profileBytes;
      state = result.state;
      const noun = format.format === "csv" || format.format === "jsonl"
        ? "row"
        : "line";
      work = await this.#advance(
        context,
        work,
        {
          ...record,
          at: at + result.taken,
          state: await states.write(space, documentId, state, signal),
          count: result.count,
          progress: HALF * (at + result.taken) / total,
          message: `${count(result.count, noun)} profiled`,
        },
        (fill) => this.#commitAlone(fill),
      );
    }
  }

  async #endProfile(
    context: WorkContext,
    profile: DocumentProfile,
    work: Loaded<WorkRecord>,
  ): Promise<void> {
    const { store, states } = this.#parts;
    const { space, input: { documentId, reading }, signal } = context;
    const text = new TextEncoder().encode(JSON.stringify(profile));
    const ref = await states.write(space, documentId, text, signal);
    const format = work.record.format;
    for (let tries = 0; tries < CONFLICTS; tries += 1) {
      const loaded = await this.#load(context);
      const unit = store.newUnit();
      store.change(unit, space, loaded, {
        ...loaded.record,
        ...sizesOf(profile),
        format: format?.format ?? null,
        profile: ref,
      });
      store.changeWork(unit, space, documentId, work.versionstamp, {
        ...work.record,
        phase: "index",
        at: format === null || format.format === "pdf" ? 0 : format.bom,
        state: null,
        progress: HALF,
        message: wordsOf(profile),
      });
      store.dropState(unit, space, documentId, work.record.state);
      store.dropState(unit, space, documentId, loaded.record.profile);
      store.tell(unit, space, documentId, "profiled", { reading });
      if (await store.commit(unit)) return;
    }
    throw changing();
  }

  #mostChunks(format: DocumentReading | null): number {
    return format?.format === "csv" || format?.format === "jsonl"
      ? this.#bounds.tableChunks
      : this.#bounds.textChunks;
  }

  async #indexBatch(
    context: WorkContext,
    document: WholeRecord,
    work: Loaded<WorkRecord>,
    mostChunks: number,
    total: number,
  ): Promise<Loaded<WorkRecord>> {
    const { store, states, index } = this.#parts;
    const { space, input: { documentId, reading }, signal } = context;
    const { record } = work;
    const { taken, state, chunks, segment } = await this.#chunkStep(
      context,
      document,
      record,
      mostChunks,
    );
    const found = record.chunks + chunks.length;
    const after: WorkRecord = {
      ...record,
      at: record.at + taken,
      state: await states.write(space, documentId, state, signal),
      chunks: found,
      progress: HALF +
        HALF * Math.max((record.at + taken) / total, found / mostChunks),
      message: `${count(found, "piece")} indexed`,
    };
    return await this.#advance(context, work, after, async (fill) => {
      if (segment === null) return await this.#commitAlone(fill);
      return await index.append(space, segment, (unit) => {
        fill(unit);
        for (const { first, page } of pagesOf(chunks, record.chunks + 1)) {
          store.addChunks(unit, space, documentId, reading, first, page);
        }
      }, signal);
    });
  }

  async #chunkStep(
    context: WorkContext,
    document: WholeRecord,
    record: WorkRecord,
    mostChunks: number,
  ) {
    const { pool, states } = this.#parts;
    const { space, input: { documentId }, signal } = context;
    const { format, at, chunks } = record;
    if (format === null) throw changing();
    const indexed = {
      id: documentId.slice("doc_".length),
      name: document.name,
      updatedAtMs: Date.parse(document.createdAt),
    };
    if (format.format === "pdf") {
      const bytes = await this.#read(
        context,
        document.fileId,
        0,
        document.bytes,
      );
      return await pool.run({
        type: "pdf-chunk",
        document: indexed,
        bytes,
        firstPage: at + 1,
        pages: this.#bounds.pages,
        chunks,
        mostChunks,
      }, signal);
    }
    for (let size = this.#bounds.indexBytes;; size *= 2) {
      const bytes = await this.#read(context, document.fileId, at, size);
      const isEnd = at + bytes.length >= document.bytes;
      const result = await pool.run({
        type: "chunk",
        document: indexed,
        reading: format,
        state: record.state === null
          ? null
          : await states.read(space, documentId, record.state, signal),
        bytes,
        isEnd,
        chunks,
        mostChunks,
      }, signal);
      // A record may be longer than a batch; the longest that counts is far below this.
      if (result.taken > 0 || size > MAX_BATCH_BYTES) return result;
    }
  }

  async #endIndex(
    context: WorkContext,
    document: WholeRecord,
    work: Loaded<WorkRecord>,
    isCutOff: boolean,
  ): Promise<void> {
    const { store, index } = this.#parts;
    const { space, input: { documentId, reading }, signal } = context;
    const { chunks, format } = work.record;
    if (chunks === 0) {
      if (format?.format === "pdf") throw new UnreadableDocument(NO_TEXT);
      if (document.reading > 1) {
        await index.forget(space, documentId.slice("doc_".length), signal);
      }
    }
    for (let tries = 0; tries < CONFLICTS; tries += 1) {
      const loaded = await this.#load(context);
      const unit = store.newUnit();
      store.change(unit, space, loaded, {
        ...loaded.record,
        state: "ready",
        error: null,
        chunks,
        isCutOff,
      });
      store.changeWork(unit, space, documentId, work.versionstamp, {
        ...work.record,
        phase: "done",
        state: null,
        progress: 1,
      });
      store.dropState(unit, space, documentId, work.record.state);
      store.setPending(unit, space, documentId, false);
      store.tell(unit, space, documentId, "indexed", {
        reading,
        name: loaded.record.name,
        chunks,
      });
      if (await store.commit(unit)) return;
    }
    throw changing();
  }

  async #read(
    { space, signal }: WorkContext,
    fileId: string,
    from: number,
    size: number,
  ): Promise<Bytes> {
    const { files } = this.#parts;
    return await readRange(files, space, fileId, from, size, signal);
  }
}

function sizesOf(
  profile: DocumentProfile,
): Pick<DocumentRecord, "rows" | "columns" | "pages"> {
  const none = { rows: null, columns: null, pages: null };
  if (profile.kind === "pdf") return { ...none, pages: profile.pages };
  if (profile.kind === "text") return none;
  return { ...none, rows: profile.rows, columns: profile.columnCount };
}

function wordsOf(profile: DocumentProfile): string {
  if (profile.kind === "pdf") return `${count(profile.pages, "page")}.`;
  if (profile.kind === "text") return `${count(profile.words, "word")}.`;
  return `${count(profile.rows, "row")} in ${
    count(profile.columnCount, "column")
  }.`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function* pagesOf(
  chunks: readonly Chunk[],
  first: number,
): Generator<{ first: number; page: readonly Chunk[] }, void, void> {
  for (let at = 0; at < chunks.length; at += CHUNKS_PER_PAGE) {
    yield { first: first + at, page: chunks.slice(at, at + CHUNKS_PER_PAGE) };
  }
}

function changing(): AppError {
  return new AppError({
    status: 409,
    code: "conflict",
    message: "The document changed meanwhile.",
    retryable: true,
  });
}
