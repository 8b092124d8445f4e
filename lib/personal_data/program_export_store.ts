/** What somebody gave to programs, and had them do, for whoever takes along what they have. */
import { readContent } from "@/lib/files/file_content.ts";
import { type StoredFile, toFileRecord } from "@/lib/files/file_record.ts";
import { FileStore } from "@/lib/files/file_store.ts";
import { toBatchObject } from "@/lib/gateway/batches/batch_object.ts";
import {
  type BatchProgress,
  type BatchRecord,
  NO_PROGRESS,
} from "@/lib/gateway/batches/batch_record.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import { programSpace } from "@/lib/shared/spaces.ts";

type Store = ConstructorParameters<typeof FileStore>[0];

/** Files that are read at a time. */
const FILES_PER_PAGE = 200;

export class ProgramExportStore {
  readonly #store: Store;
  readonly #files: FileStore;

  constructor(store: Store) {
    this.#store = store;
    this.#files = new FileStore(store);
  }

  /** Files that a user gave to programs of a workspace and those that were made of them, newest first. */
  async *files(
    workspace: string,
    user: string,
    signal: AbortSignal,
  ): AsyncGenerator<StoredFile, void, void> {
    const space = programSpace(workspace);
    let after: string | null = null;
    while (true) {
      const page: StoredFile[] = await this.#files.list(
        space,
        { order: "desc", after },
        null,
        FILES_PER_PAGE,
        signal,
      );
      yield* page.filter((file) => file.user === user);
      if (page.length < FILES_PER_PAGE) return;
      after = page[page.length - 1].id;
    }
  }

  /** The same as a list shows them. */
  async *fileRecords(
    ...of: Parameters<ProgramExportStore["files"]>
  ): AsyncGenerator<unknown, void, void> {
    for await (const file of this.files(...of)) yield toFileRecord(file);
  }

  /** The bytes of a file, as they are taken. */
  read({ content }: StoredFile): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readContent(this.#store, content);
  }

  /** Batches that a user asked for in a workspace, as `/v1/batches` shows them. */
  async *batches(
    workspace: string,
    user: string,
    signal: AbortSignal,
  ): AsyncGenerator<unknown, void, void> {
    const space = programSpace(workspace);
    const rows = list<BatchRecord & { readonly v: 1 }>(
      this.#store,
      keys.batchesBefore(space, null),
      { signal },
    );
    for await (const { value: batch } of rows) {
      if (batch.askedBy.user !== user) continue;
      const { value } = await get<BatchProgress>(
        this.#store,
        keys.batchProgressKey(space, batch.id),
        { signal },
      );
      yield toBatchObject(batch, batch.counts ?? value ?? NO_PROGRESS);
    }
  }
}
