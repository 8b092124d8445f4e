/** Full-text search over the threads of a space, as the routes use it. */
import type { ThreadStore } from "@/lib/chat/thread_store.ts";
import { AppError, StorageError } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type {
  MessageMatch,
  SearchPage,
  SearchResult,
} from "@/lib/shared/search/search_wire.ts";
import { INDEXED_CHARACTERS } from "./changes.ts";
import type { IndexCache } from "./index_cache.ts";
import { type Clause, parseQuery } from "./query.ts";
import { type RankedThread, Ranking, type RankPlace } from "./rank.ts";
import { Slices } from "./slices.ts";
import { findRanges, makeSnippet } from "./snippet.ts";

/** Messages shown of a thread. */
const MATCHES_PER_THREAD = 3;
/** Threads whose records are read at the same time. */
const THREADS_AT_ONCE = 8;

export class Search {
  readonly #threads: ThreadStore;
  readonly #cache: IndexCache;

  constructor(threads: ThreadStore, cache: IndexCache) {
    this.#threads = threads;
    this.#cache = cache;
  }

  /**
   * The threads that have everything the query asks for, the best first. The records decide what is
   * shown: a thread that was deleted a moment ago is not, whatever the index says.
   * @throws {AppError} 400 `invalid_request` for a query without a word or a cursor that no page gave
   */
  async find(
    space: string,
    query: string,
    { limit, cursor }: PageQuery,
    signal?: AbortSignal,
  ): Promise<SearchPage> {
    const clauses = parseQuery(query);
    let place = parseCursor(cursor);
    const view = await this.#cache.view(space, signal);
    const ranking = await Ranking.of(view, clauses, new Slices(signal));
    const items: SearchResult[] = [];
    while (items.length < limit) {
      signal?.throwIfAborted();
      const wanted = Math.min(limit - items.length, THREADS_AT_ONCE);
      const group = ranking.after(place, wanted);
      const found = await Promise.all(
        group.map((ranked) => this.#show(space, ranked, clauses)),
      );
      items.push(...found.filter((item) => item !== null));
      place = group.at(-1) ?? place;
      if (group.length < wanted) return { items, nextCursor: null };
    }
    const isMore = ranking.after(place, 1).length > 0;
    return { items, nextCursor: isMore ? formatCursor(place!) : null };
  }

  /** A result; null when the thread is not there any more. */
  async #show(
    space: string,
    { threadId: bareId, messages }: RankedThread,
    clauses: readonly Clause[],
  ): Promise<SearchResult | null> {
    const threadId = `thr_${bareId}`;
    const [loaded, ...matches] = await Promise.all([
      this.#threads.loadThread(space, threadId),
      ...messages.slice(0, MATCHES_PER_THREAD).map((id) =>
        this.#match(space, threadId, `msg_${id}`, clauses)
      ),
    ]);
    if (loaded === null || loaded.record.temporary) return null;
    const { record, activity } = loaded;
    return {
      threadId,
      title: record.title,
      titleRanges: findRanges(record.title, clauses),
      updatedAt: activity.updatedAt,
      archived: record.archived ?? false,
      matches: matches.filter((match) => match !== null),
    };
  }

  /** Null: the message is gone, or has changed and does not match any more. */
  async #match(
    space: string,
    threadId: string,
    messageId: string,
    clauses: readonly Clause[],
  ): Promise<MessageMatch | null> {
    const message = await this.#threads.readMessage(
      space,
      threadId,
      messageId,
    );
    if (message === null) return null;
    try {
      const [text] = await this.#threads.readTexts([message.text]);
      const found = makeSnippet(text.slice(0, INDEXED_CHARACTERS), clauses);
      if (found.ranges.length === 0) return null;
      return { messageId, role: message.role, ...found };
    } catch (error) {
      // Purged in this moment.
      if (error instanceof StorageError && error.code === "blob_damaged") {
        return null;
      }
      throw error;
    }
  }
}

function formatCursor({ score, updatedAt, threadId }: RankPlace): string {
  return `${score}.${updatedAt}.${threadId}`;
}

/** @throws {AppError} 400 for a cursor that no page gave */
function parseCursor(cursor: string | null): RankPlace | null {
  if (cursor === null) return null;
  const match = /^(\d{1,9})\.(\d{1,12})\.([0-9A-Za-z]{22})$/.exec(cursor);
  if (match !== null) {
    const [, score, updatedAt, threadId] = match;
    return { score: Number(score), updatedAt: Number(updatedAt), threadId };
  }
  const message = "must be the nextCursor of an earlier page";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
