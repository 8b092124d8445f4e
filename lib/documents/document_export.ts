/** The documents of a space, for whoever takes along what they have. */
import { readContent } from "@/lib/files/file_content.ts";
import { FileStore } from "@/lib/files/file_store.ts";
import type { Document, Page } from "@/lib/shared/wire.ts";
import { toDocument } from "./document_record.ts";
import { DocumentStore } from "./document_store.ts";

type Store = ConstructorParameters<typeof DocumentStore>[0];

export class DocumentExport {
  readonly #store: Store;
  readonly #documents: DocumentStore;
  readonly #files: FileStore;

  constructor(store: Store) {
    this.#store = store;
    this.#documents = new DocumentStore(store);
    this.#files = new FileStore(store);
  }

  /** Newest first. */
  async list(
    space: string,
    { limit, cursor }: { limit: number; cursor: string | null },
  ): Promise<Page<Document>> {
    const views = await this.#documents.list(space, cursor, limit + 1);
    const items = views.slice(0, limit)
      .map((view) => toDocument(view.record, view));
    const isMore = views.length > limit;
    return { items, nextCursor: isMore ? items[limit - 1].id : null };
  }

  /** The bytes of a document; null when they are not all there. */
  async read(
    space: string,
    id: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null> {
    const loaded = await this.#documents.load(space, id);
    const fileId = loaded?.record.fileId ?? null;
    const file = fileId === null ? null : await this.#files.load(space, fileId);
    return file === null ? null : readContent(this.#store, file.stored.content);
  }
}
