/**
 * What a user has in a workspace, as an archive: JSON lines for programs, Markdown for people. It is read
 * and sent piece by piece, so neither many threads nor a long one take memory.
 */
import type { AuditActor } from "@/lib/audit/audit_event.ts";
import { FIRST_USER, userSpace } from "@/lib/shared/spaces.ts";
import type { Projects } from "@/lib/chat/projects.ts";
import type { Tags } from "@/lib/chat/tags.ts";
import type { Tasks } from "@/lib/chat/tasks.ts";
import { showThreads, type ThreadTargets } from "@/lib/chat/thread_show.ts";
import type { Page, Thread } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { Ledger } from "@/lib/usage/ledger_store.ts";
import type { ProgramExportStore } from "./program_export_store.ts";
import type { ExportStore } from "./export_store.ts";
import { README } from "./export_readme.ts";
import { encoded, type ThreadExport } from "./thread_export.ts";
import { markdownName } from "./thread_markdown.ts";
import { zip, type ZipEntry } from "./zip.ts";

const ITEMS_PER_PAGE = 200;

/** Lines are sent in pieces of about this size, in characters. */
const PIECE_CHARACTERS = 16_384;

/** Whose data is exported. */
export interface ExportSubject {
  workspace: { id: string; name: string };
  user: { id: string; email: string | null; name: string; role: string };
}

/** Who asks for it. */
export interface ExportCaller {
  actor: AuditActor;
  address: string;
}

/** The names and terms of somebody's keys; never the keys. */
export type KeyLister = (
  workspace: string,
  user: string,
  query: { limit: number; cursor: string | null },
) => Promise<Page<unknown>>;

/** Somebody's schedules, a page at a time. */
export type ScheduleLister = (
  space: string,
  query: { limit: number; cursor: string | null },
) => Promise<Page<unknown>>;

/** Somebody's notifications, a page at a time. */
export type NotificationLister = ScheduleLister;

/** Somebody's documents, a page at a time, and the bytes of each. */
export interface DocumentReader {
  list(
    space: string,
    query: { limit: number; cursor: string | null },
  ): Promise<Page<{ id: string; name: string }>>;
  /** Null: it is not whole. */
  read(
    space: string,
    id: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null>;
}

export interface PersonalExportParts extends ThreadTargets {
  store: ExportStore;
  threadExport: ThreadExport;
  allProjects: Pick<Projects, "list">;
  allTags: Pick<Tags, "list">;
  allTasks: Pick<Tasks, "list">;
  listKeys: KeyLister;
  listSchedules: ScheduleLister;
  listNotifications: NotificationLister;
  documents: DocumentReader;
  programs: ProgramExportStore;
  ledger: Ledger;
}

export class PersonalExport {
  readonly #parts: PersonalExportParts;

  constructor(parts: PersonalExportParts) {
    this.#parts = parts;
  }

  /**
   * Begins an export; the audit log knows of it before anything is sent.
   * @returns name and bytes of the archive
   * @throws {StorageError} when the audit log could not be written
   */
  async begin(
    subject: ExportSubject,
    { actor, address }: ExportCaller,
    signal: AbortSignal,
  ): Promise<
    { name: string; archive: ReadableStream<Uint8Array<ArrayBuffer>> }
  > {
    await this.#note(subject, { actor, address });
    const at = new Date(this.#parts.store.now());
    const name = archiveName(at, subject.user.id);
    return {
      name,
      archive: ReadableStream.from(zip(this.#files(subject, at, signal))),
    };
  }

  /**
   * The same for several people of one workspace, each in a folder of their own; the audit log knows of
   * each before anything of theirs is read.
   * @param name of the archive
   */
  beginAll(
    subjects: AsyncIterable<ExportSubject>,
    caller: ExportCaller,
    name: string,
    signal: AbortSignal,
  ): { name: string; archive: ReadableStream<Uint8Array<ArrayBuffer>> } {
    const at = new Date(this.#parts.store.now());
    const files = async function* (exports: PersonalExport) {
      for await (const subject of subjects) {
        await exports.#note(subject, caller);
        const folder = `users/${subject.user.id}/`;
        yield* exports.#files(subject, at, signal, folder);
      }
    };
    return {
      name: archiveName(at, name),
      archive: ReadableStream.from(zip(files(this))),
    };
  }

  async #note(
    { workspace, user }: ExportSubject,
    { actor, address }: ExportCaller,
  ): Promise<void> {
    const { store } = this.#parts;
    const who = { actor, address, subject: user.id };
    if (actor.user === user.id) {
      await store.note(workspace.id, user.id, "data.exported", {
        ...who,
        details: { format: "zip" },
      });
      return;
    }
    await store.note(workspace.id, user.id, "data.read", {
      ...who,
      details: { kind: "export", owner: user.id },
    });
  }

  async *#files(
    { workspace, user }: ExportSubject,
    at: Date,
    signal: AbortSignal,
    folder = "",
  ): AsyncGenerator<ZipEntry, void, void> {
    const space = userSpace(workspace.id, user.id);
    const { allProjects, allTags, allTasks, listKeys, threadExport } =
      this.#parts;
    const { listSchedules, documents } = this.#parts;
    const file = (name: string, texts: AsyncIterable<string>): ZipEntry => ({
      name: `${folder}${name}`,
      modifiedAt: at,
      content: encoded(texts),
    });
    const account = { exportedAt: at.toISOString(), workspace, user };
    yield file("README.txt", whole(README));
    yield file("account.json", whole(JSON.stringify(account, null, 2) + "\n"));
    const page = (cursor: string | null) => ({ limit: ITEMS_PER_PAGE, cursor });
    yield file(
      "projects.jsonl",
      lines(paged((cursor) => allProjects.list(space, page(cursor)), signal)),
    );
    yield file(
      "tags.jsonl",
      lines(paged((cursor) => allTags.list(space, page(cursor)), signal)),
    );
    yield file(
      "tasks.jsonl",
      lines(
        paged(
          (cursor) => allTasks.list(space, {}, page(cursor)),
          signal,
        ),
      ),
    );
    yield file(
      "schedules.jsonl",
      lines(paged((cursor) => listSchedules(space, page(cursor)), signal)),
    );
    const allDocuments = () =>
      paged((cursor) => documents.list(space, page(cursor)), signal);
    yield file("documents.jsonl", lines(allDocuments()));
    for await (const { id, name } of allDocuments()) {
      const content = await documents.read(space, id);
      if (content === null) continue;
      yield {
        name: `${folder}documents/${id}/${fileName(name)}`,
        modifiedAt: at,
        content,
      };
    }
    const { programs } = this.#parts;
    const whose = [workspace.id, user.id, signal] as const;
    yield file("files.jsonl", lines(programs.fileRecords(...whose)));
    for await (const stored of programs.files(...whose)) {
      yield {
        name: `${folder}files/${stored.id}/${fileName(stored.name)}`,
        modifiedAt: at,
        content: programs.read(stored),
      };
    }
    yield file("batches.jsonl", lines(programs.batches(...whose)));
    yield file(
      "notifications.jsonl",
      lines(
        paged(
          (cursor) => this.#parts.listNotifications(space, page(cursor)),
          signal,
        ),
      ),
    );
    yield file(
      "keys.jsonl",
      lines(
        paged(
          (cursor) => listKeys(workspace.id, user.id, page(cursor)),
          signal,
        ),
      ),
    );
    yield file(
      "usage.jsonl",
      lines(this.#usage(workspace.id, user.id, signal)),
    );
    yield file("threads.jsonl", lines(this.#threads(space, signal)));
    yield file("messages.jsonl", lines(this.#messages(space, signal)));
    for await (const thread of this.#threads(space, signal)) {
      yield file(
        markdownName(thread),
        threadExport.markdown(space, thread, signal),
      );
    }
  }

  async *#threads(
    space: string,
    signal: AbortSignal,
  ): AsyncGenerator<Thread, void, void> {
    for await (const batch of this.#parts.store.threads(space, signal)) {
      yield* await showThreads(space, batch, this.#parts);
    }
  }

  async *#messages(
    space: string,
    signal: AbortSignal,
  ): AsyncGenerator<unknown, void, void> {
    const { store, threadExport } = this.#parts;
    for await (const batch of store.threads(space, signal)) {
      for (const { record } of batch) {
        yield* threadExport.messages(space, record.id, signal);
      }
    }
  }

  /** Rows of the workspace's ledger that are the user's. */
  async *#usage(
    workspace: string,
    user: string,
    signal: AbortSignal,
  ): AsyncGenerator<LedgerRow, void, void> {
    const { ledger, store } = this.#parts;
    const rows = ledger.rows(workspace, 0, store.now() + 1, signal);
    for await (const row of rows) {
      if ((row.user ?? FIRST_USER) === user) yield row;
    }
  }
}

/** A name that every file system takes. */
function fileName(name: string): string {
  return name.replace(/[<>:"/\\|?*]/g, "_");
}

function archiveName(at: Date, of: string): string {
  return `freshet-${at.toISOString().slice(0, 10)}-${of}.zip`;
}

async function* paged<T>(
  list: (cursor: string | null) => Promise<Page<T>>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  let cursor: string | null = null;
  do {
    signal.throwIfAborted();
    const { items, nextCursor }: Page<T> = await list(cursor);
    yield* items;
    cursor = nextCursor;
  } while (cursor !== null);
}

async function* whole(text: string): AsyncGenerator<string, void, void> {
  yield await Promise.resolve(text);
}

/** JSON lines, in pieces of some size. */
async function* lines(
  values: AsyncIterable<unknown>,
): AsyncGenerator<string, void, void> {
  let piece = "";
  for await (const value of values) {
    piece += JSON.stringify(value) + "\n";
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
