/** Documents as the routes and pages use them. */
import { AppError } from "@/lib/errors.ts";
import type { Content } from "@/lib/files/file_content.ts";
import { cleanName, type Files } from "@/lib/files/files.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import {
  checkUrlField,
  type OutgoingAllowList,
} from "@/lib/net/outgoing_rules.ts";
import type { DocumentProfile } from "@/lib/shared/documents/profile_wire.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Document, DocumentChunk, Page } from "@/lib/shared/wire.ts";
import { changing, documentBusy, noSuchDocument } from "./document_errors.ts";
import type { DocumentPatch, NewAddress, NewUpload } from "./document_input.ts";
import { isBusy, toChunk, toDocument } from "./document_record.ts";
import type { DocumentRecord } from "./document_record.ts";
import type { DocumentStore, DocumentUnit, Loaded } from "./document_store.ts";
import { newDocument, newWork } from "./new_document.ts";
import type { StateStore } from "./state_store.ts";
import { DOCUMENT_PURPOSE } from "./store_upload.ts";
import type { Uploads } from "./uploads.ts";

/** Tells whether there is a project. */
interface ProjectReader {
  require(space: string, id: string): Promise<unknown>;
}

export interface DocumentsParts {
  store: DocumentStore;
  states: StateStore;
  uploads: Uploads;
  files: Files;
  jobs: Jobs;
  jobStore: JobStore;
  projects: ProjectReader;
  /** Where addresses may lead beyond the public internet. */
  allow: OutgoingAllowList;
}

const CONFLICTS = 10;
/** Documents of a project that pages list, and that answers look into. */
export const MAX_PROJECT_DOCUMENTS = 200;
/** Uploads that are given up in one go. */
const EXPIRED_AT_A_TIME = 50;

export class Documents {
  readonly #parts: DocumentsParts;

  constructor(parts: DocumentsParts) {
    this.#parts = parts;
  }

  /** Bytes that come over the wire. */
  get uploads(): Uploads {
    return this.#parts.uploads;
  }

  /**
   * Begins an upload.
   * @throws {AppError} 404 `not_found` for the project, 413 `document_too_large`
   */
  async begin(
    space: string,
    wanted: Omit<NewUpload, "size"> & { size: number | null },
  ): Promise<Document> {
    const { uploads, projects } = this.#parts;
    if (wanted.projectId !== null) {
      await projects.require(space, wanted.projectId);
    }
    const name = cleanName(wanted.name);
    return await this.get(
      space,
      await uploads.begin(space, { ...wanted, name }),
    );
  }

  /**
   * Has a document got from an address. What its name leads to is looked at when it is got.
   * @throws {AppError} 400 `address_refused`, 404 `not_found` for the project
   */
  async getFrom(space: string, wanted: NewAddress): Promise<Document> {
    const { store, projects, allow } = this.#parts;
    checkUrlField("url", wanted.url, { allow });
    if (wanted.projectId !== null) {
      await projects.require(space, wanted.projectId);
    }
    const id = newId("doc");
    const record: DocumentRecord = {
      ...newDocument(id, wanted.name ?? nameOfAddress(wanted.url), store.now),
      state: "fetching",
      projectId: wanted.projectId,
      url: wanted.url,
    };
    const unit = store.newUnit();
    store.add(unit, space, record, null);
    this.#enqueueFetch(unit, space, record);
    store.tell(unit, space, id, "changed", { state: record.state });
    if (!await store.commit(unit)) throw changing();
    return await this.get(space, id);
  }

  /**
   * Makes a document of bytes that are stored already.
   * @throws {AppError} 404 `not_found` for the project; the bytes are dropped then
   */
  async adopt(
    space: string,
    { name, projectId }: { name: string; projectId: string | null },
    content: Content,
  ): Promise<Document> {
    const { store, files, projects } = this.#parts;
    try {
      if (projectId !== null) await projects.require(space, projectId);
      const id = newId("doc");
      const unit = store.newUnit();
      const file = files.add(unit, space, {
        name,
        mediaType: "application/octet-stream",
        purpose: DOCUMENT_PURPOSE,
      }, content);
      const record: DocumentRecord = {
        ...newDocument(id, file.name, store.now),
        projectId,
        fileId: file.id,
        bytes: file.bytes,
      };
      store.add(unit, space, record, null);
      store.changeWork(unit, space, id, null, newWork(record.reading));
      store.setPending(unit, space, id, true);
      store.tell(unit, space, id, "uploaded", { reading: record.reading });
      if (!await store.commit(unit)) throw changing();
      return await this.get(space, id);
    } catch (error) {
      await files.drop(content);
      throw error;
    }
  }

  /** @throws {AppError} 404 `not_found` */
  async get(space: string, id: string): Promise<Document> {
    const view = isId("doc", id)
      ? await this.#parts.store.view(space, id)
      : null;
    if (view === null) throw noSuchDocument();
    return toDocument(view.record, view);
  }

  /** What a document is called; null: there is none. */
  async nameOf(space: string, id: string): Promise<string | null> {
    return (await this.#parts.store.load(space, id))?.record.name ?? null;
  }

  /** Newest first. */
  async list(
    space: string,
    { limit, cursor }: PageQuery,
    signal?: AbortSignal,
  ): Promise<Page<Document>> {
    const { store } = this.#parts;
    if (cursor !== null && !isId("doc", cursor)) throw badCursor();
    const views = await store.list(space, cursor, limit + 1, signal);
    const items = views.slice(0, limit)
      .map((view) => toDocument(view.record, view));
    const isMore = views.length > limit;
    return { items, nextCursor: isMore ? items[limit - 1].id : null };
  }

  /** The newest documents of a project. */
  async listOfProject(
    space: string,
    project: string,
    limit = MAX_PROJECT_DOCUMENTS,
    signal?: AbortSignal,
  ): Promise<Document[]> {
    const { store } = this.#parts;
    const ids = await store.listOfProject(space, project, null, limit, signal);
    const views = await Promise.all(ids.map((id) => store.view(space, id)));
    return views.flatMap((view) =>
      view === null ? [] : [toDocument(view.record, view)]
    );
  }

  /** What is known of the content of a document; null: nothing yet. */
  async profile(
    space: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<DocumentProfile | null> {
    const { record: { profile } } = await this.#load(space, id);
    if (profile === null) return null;
    const bytes = await this.#parts.states.read(space, id, profile, signal);
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Chunks from a number on, which begins at 1. */
  async chunks(
    space: string,
    id: string,
    from: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<DocumentChunk[]> {
    const { record } = await this.#load(space, id);
    const found = await this.#parts.store.readChunks(
      space,
      record,
      from,
      limit,
      signal,
    );
    return found.map(({ number, chunk }) =>
      toChunk(chunk, number, record.format)
    );
  }

  /** The file with the bytes of a document. @throws {AppError} 404, 409 `document_busy` */
  async fileOf(space: string, id: string): Promise<string> {
    const { record: { fileId } } = await this.#load(space, id);
    if (fileId === null) throw documentBusy("The document is not whole yet.");
    return fileId;
  }

  /**
   * Renames a document, or makes it knowledge of a project, or of none.
   * @throws {AppError} 404 `not_found` for either
   */
  async update(
    space: string,
    id: string,
    patch: DocumentPatch,
  ): Promise<Document> {
    const { store, projects } = this.#parts;
    if (patch.projectId) await projects.require(space, patch.projectId);
    await this.#change(space, id, (unit, loaded) => {
      const { record } = loaded;
      const name = patch.name === undefined
        ? record.name
        : cleanName(patch.name);
      const projectId = patch.projectId === undefined
        ? record.projectId
        : patch.projectId;
      store.change(unit, space, loaded, { ...record, name, projectId });
      store.tell(unit, space, id, "changed", { state: record.state });
    });
    return await this.get(space, id);
  }

  /**
   * Goes on where the work on a document has failed or was cancelled.
   * @throws {AppError} 404 `not_found`, 409 `document_busy` for one that has not
   */
  async retry(space: string, id: string): Promise<Document> {
    const { store } = this.#parts;
    const work = await store.loadWork(space, id);
    await this.#change(space, id, (unit, loaded) => {
      const { record } = loaded;
      if (record.state !== "failed" && record.state !== "cancelled") {
        throw documentBusy("Nothing has failed here.");
      }
      const isWhole = work !== null;
      if (!isWhole && record.url === null) {
        throw documentBusy("The document was never whole. Upload it again.");
      }
      store.change(unit, space, loaded, {
        ...record,
        state: isWhole ? "waiting" : "fetching",
        error: null,
      });
      const { reading } = record;
      if (!isWhole) {
        this.#enqueueFetch(unit, space, record);
        store.tell(unit, space, id, "changed", { state: "fetching" });
        return;
      }
      store.setPending(unit, space, id, true);
      const verb = work.record.phase === "profile" ? "uploaded" : "profiled";
      store.tell(unit, space, id, verb, { reading });
    });
    return await this.get(space, id);
  }

  /**
   * Reads a document again from its beginning.
   * @throws {AppError} 404 `not_found`, 409 `document_busy` while it is being read
   */
  async reindex(space: string, id: string): Promise<Document> {
    const { store } = this.#parts;
    await this.#change(space, id, async (unit, loaded) => {
      const { record } = loaded;
      const work = await store.loadWork(space, id);
      if (work === null || isBusy(record)) {
        throw documentBusy("The document is being read. Cancel that first.");
      }
      const reading = record.reading + 1;
      store.change(unit, space, loaded, {
        ...record,
        reading,
        state: "waiting",
        error: null,
      });
      store.changeWork(unit, space, id, work.versionstamp, newWork(reading));
      store.dropState(unit, space, id, work.record.state);
      store.setPending(unit, space, id, true);
      store.tell(unit, space, id, "uploaded", { reading });
    });
    return await this.get(space, id);
  }

  /** Ends the work on a document; what there is of it stays. @throws {AppError} 404 `not_found` */
  async cancel(space: string, id: string): Promise<Document> {
    const { store, jobs } = this.#parts;
    const { record } = await this.#load(space, id);
    const job = isBusy(record) ? await store.jobOf(space, id) : null;
    if (job !== null) await jobs.cancel(space, job);
    await this.#change(space, id, (unit, loaded) => {
      if (!isBusy(loaded.record)) return false;
      store.change(unit, space, loaded, {
        ...loaded.record,
        state: "cancelled",
      });
      store.setPending(unit, space, id, false);
      store.tell(unit, space, id, "cancelled", {});
    });
    return await this.get(space, id);
  }

  /** Deletes a document with all there is of it, also while it is being read. */
  async remove(space: string, id: string): Promise<void> {
    const { store, jobs, jobStore } = this.#parts;
    const job = await store.jobOf(space, id);
    await this.#change(space, id, async (unit, loaded) => {
      const { record } = loaded;
      const upload = await store.loadUpload(space, id);
      store.remove(unit, space, loaded, upload?.record ?? null);
      const { name, fileId } = record;
      jobStore.enqueue(
        unit,
        jobs.prepare(space, {
          kind: "document.remove",
          input: { documentId: id, name, fileId },
        }),
      );
      store.tell(unit, space, id, "deleted", {});
    });
    if (job !== null) await this.#cancelQuietly(space, job);
  }

  /** Gives up uploads that nobody has gone on with. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    const expired = await store.expiredUploads(EXPIRED_AT_A_TIME, signal);
    for (const { space, document } of expired) {
      const loaded = await store.load(space, document, signal);
      if (loaded?.record.state === "uploading") {
        await this.remove(space, document);
      } else await store.forgetExpiry(space, document, signal);
    }
  }

  async #cancelQuietly(space: string, job: string): Promise<void> {
    try {
      await this.#parts.jobs.cancel(space, job);
    } catch (error) {
      // It is over, or finds out by itself that its document is gone.
      if (!(error instanceof AppError)) throw error;
    }
  }

  #enqueueFetch(
    unit: DocumentUnit,
    space: string,
    { id, name, reading }: DocumentRecord,
  ): void {
    const { jobs, jobStore, store } = this.#parts;
    const record = jobs.prepare(space, {
      kind: "document.fetch",
      input: { documentId: id, name, reading },
    });
    jobStore.enqueue(unit, record);
    store.setJob(unit, space, id, record.id);
  }

  /** Changes a document; false from `fill`: it is as it should be. */
  async #change(
    space: string,
    id: string,
    fill: (
      unit: DocumentUnit,
      loaded: Loaded<DocumentRecord>,
    ) => void | false | Promise<void>,
  ): Promise<void> {
    const { store } = this.#parts;
    for (let tries = 0; tries < CONFLICTS; tries += 1) {
      const loaded = await this.#load(space, id);
      const unit = store.newUnit();
      if (await fill(unit, loaded) === false) return;
      if (await store.commit(unit)) return;
    }
    throw changing();
  }

  async #load(space: string, id: string): Promise<Loaded<DocumentRecord>> {
    const loaded = isId("doc", id)
      ? await this.#parts.store.load(space, id)
      : null;
    if (loaded === null) throw noSuchDocument();
    return loaded;
  }
}

/** What a document from an address is called: the last part of its path, or its host. */
export function nameOfAddress(address: string): string {
  const { pathname, hostname } = new URL(address);
  let last = pathname.split("/").at(-1) ?? "";
  try {
    last = decodeURIComponent(last);
  } catch {
    // It stays as it is written.
  }
  return cleanName(last === "" ? hostname : last);
}

function badCursor(): AppError {
  const message = "must be the nextCursor of an earlier page";
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
