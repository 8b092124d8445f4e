/** Full-text search in the documents of a space. */
import type { IndexCache } from "@/lib/chat/search/index_cache.ts";
import { type Clause, parseQuery } from "@/lib/chat/search/query.ts";
import { type RankedThread, Ranking } from "@/lib/chat/search/rank.ts";
import { Slices } from "@/lib/chat/search/slices.ts";
import { makeSnippet } from "@/lib/chat/search/snippet.ts";
import type { DocumentResult } from "@/lib/shared/wire.ts";
import { chunkNumber } from "./chunk/chunk_id.ts";
import { type DocumentRecord, placeWords } from "./document_record.ts";
import type { DocumentStore } from "./document_store.ts";

export interface DocumentQuery {
  text: string;
  /** Null: in all of them. */
  documentId: string | null;
  /** Documents at most. */
  limit: number;
}

/** Chunks that are shown of a document among others, and of one alone. */
const CHUNKS_AMONG = 3;
const CHUNKS_ALONE = 50;
/** Documents that are looked through for a single one. */
const RANKED_AT_A_TIME = 200;

export class DocumentSearch {
  readonly #store: DocumentStore;
  readonly #cache: IndexCache;

  constructor(store: DocumentStore, cache: IndexCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /**
   * The documents that have everything the query asks for, the best first. The records decide what is
   * shown, whatever the index says.
   * @throws {AppError} 400 `invalid_request` for a query without a word
   */
  async find(
    space: string,
    { text, documentId, limit }: DocumentQuery,
    signal?: AbortSignal,
  ): Promise<DocumentResult[]> {
    const clauses = parseQuery(text);
    const view = await this.#cache.view(space, signal);
    const ranking = await Ranking.of(view, clauses, new Slices(signal));
    const ranked = documentId === null
      ? ranking.after(null, limit)
      : oneOf(ranking, documentId.slice("doc_".length));
    const most = documentId === null ? CHUNKS_AMONG : CHUNKS_ALONE;
    const found = await Promise.all(
      ranked.map((each) => this.#show(space, each, clauses, most, signal)),
    );
    return found.filter((each) => each !== null);
  }

  async #show(
    space: string,
    { threadId: bareId, messages }: RankedThread,
    clauses: readonly Clause[],
    most: number,
    signal?: AbortSignal,
  ): Promise<DocumentResult | null> {
    const documentId = `doc_${bareId}`;
    const loaded = await this.#store.load(space, documentId, signal);
    if (loaded === null) return null;
    const { record } = loaded;
    const chunks = await Promise.all(
      messages.slice(0, most).map((id) =>
        this.#chunk(space, record, chunkNumber(id), clauses, signal)
      ),
    );
    return {
      documentId,
      name: record.name,
      chunks: chunks.filter((chunk) => chunk !== null),
    };
  }

  async #chunk(
    space: string,
    record: DocumentRecord,
    number: number,
    clauses: readonly Clause[],
    signal?: AbortSignal,
  ): Promise<DocumentResult["chunks"][number] | null> {
    const [found] = await this.#store.readChunks(
      space,
      record,
      number,
      1,
      signal,
    );
    if (found?.number !== number) return null;
    const { text, place } = found.chunk;
    const { snippet, ranges } = makeSnippet(text, clauses);
    return { number, place: placeWords(place, record.format), snippet, ranges };
  }
}

function oneOf(ranking: Ranking, id: string): RankedThread[] {
  let place: RankedThread | null = null;
  while (true) {
    const group: RankedThread[] = ranking.after(place, RANKED_AT_A_TIME);
    const found = group.find(({ threadId }) => threadId === id);
    if (found !== undefined) return [found];
    if (group.length < RANKED_AT_A_TIME) return [];
    place = group[group.length - 1];
  }
}
