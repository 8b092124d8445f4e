/** Threads and their messages, as the routes use them. */
import { AppError } from "@/lib/errors.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Message, Page, Thread } from "@/lib/shared/wire.ts";
import { findModel, type ModelResolver } from "./choose_model.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";
import type { ThreadActivityRecord, ThreadRecord } from "./records.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import { refKey } from "./tag_store.ts";
import {
  type NewThread,
  type ThreadQuery,
  UNARCHIVED,
} from "./thread_input.ts";
import type { ListedThread, ThreadListStore } from "./thread_list_store.ts";
import { ThreadMessages } from "./thread_messages.ts";
import { showThreads, type ThreadTargets } from "./thread_show.ts";
import type { LoadedThread, ThreadStore } from "./thread_store.ts";

/** A thread as its page shows it. */
export interface ThreadView {
  thread: Thread;
  /** The branch on view, oldest first. */
  messages: Message[];
  /** Where older messages go on, for `listMessages`; null when these are all. */
  nextCursor: string | null;
  /** SSE id up to which a streaming answer's `content` goes; null when nothing streams. */
  lastEventId: string | null;
}

/** What threads are made of, and what they point to. */
export interface ThreadParts extends ThreadTargets {
  store: ThreadStore;
  list: ThreadListStore;
  requests: IdempotencyStore;
  runStore: RunStore;
  runs: Runs;
  models: ModelResolver;
}

export class Threads {
  readonly #parts: ThreadParts;
  readonly #messages: ThreadMessages;

  constructor(parts: ThreadParts) {
    this.#parts = parts;
    this.#messages = new ThreadMessages(
      parts.store,
      parts.runStore,
      parts.runs,
    );
  }

  /**
   * Makes a thread.
   * @param idempotencyKey a repetition with it gives the thread that is there
   * @throws {AppError} 404 `model_not_found` or `not_found` (the project), 409 `thread_deleted` for the
   * repetition of a request whose thread was deleted, 422 `idempotency_key_reused`
   */
  async create(
    space: string,
    input: NewThread,
    idempotencyKey: string | null = null,
  ): Promise<Thread> {
    const { store, requests, models, projects } = this.#parts;
    const request = idempotencyKey === null
      ? null
      : { scope: "threads", key: idempotencyKey, body: input };
    return await retryOnConflict(async () => {
      const claim = await requests.claim(space, request);
      if (claim.state === "made") return await this.#made(space, claim.id);
      if (input.model !== undefined) await findModel(models, input.model);
      if (input.projectId) {
        const found = await projects.findMany(space, [input.projectId]);
        if (found.length === 0) throw notFound("project");
      }
      const thread = newThread(input);
      const ok = await store.createThread(
        space,
        thread.record,
        thread.activity,
        claim.receipt(thread.record.id),
      );
      return ok ? await this.#show(space, thread) : "conflict";
    });
  }

  /** The thread that an earlier request with the same key made. */
  async #made(space: string, threadId: string): Promise<Thread> {
    const thread = await this.get(space, threadId);
    if (thread !== null) return thread;
    throw new AppError({
      status: 409,
      code: "thread_deleted",
      message: "The thread that this Idempotency-Key made was deleted.",
    });
  }

  async get(space: string, threadId: string): Promise<Thread | null> {
    const loaded = await this.#parts.store.loadThread(space, threadId);
    return loaded === null ? null : await this.#show(space, loaded);
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, threadId: string): Promise<Thread> {
    const thread = await this.get(space, threadId);
    if (thread === null) throw notFound("thread");
    return thread;
  }

  /**
   * Threads by their newest activity. A page may be short although more follow; `nextCursor` is null
   * only at the end.
   * @throws {AppError} 400 for a cursor that no page gave
   */
  async list(
    space: string,
    query: PageQuery,
    { tag, ...filter }: ThreadQuery = UNARCHIVED,
  ): Promise<Page<Thread>> {
    const { list, tags } = this.#parts;
    const ref = tag === null ? null : await tags.findRef(space, tag);
    if (tag !== null && ref === null) return { items: [], nextCursor: null };
    const { items, nextCursor } = await list.page(space, query, {
      ...filter,
      tagKey: ref === null ? null : refKey(ref),
    });
    return {
      items: await showThreads(space, items, this.#parts),
      nextCursor,
    };
  }

  /**
   * The messages of a thread, oldest first within a page: the branch on view, or all of them. The first
   * page holds the newest ones, and `nextCursor` leads to older ones.
   * @throws {AppError} 404 `not_found`, 400 for a cursor that no page gave
   */
  async listMessages(
    space: string,
    threadId: string,
    query: PageQuery,
    options: { whole?: boolean } = {},
  ): Promise<Page<Message>> {
    const loaded = await this.#parts.store.loadThread(space, threadId);
    if (loaded === null) throw notFound("thread");
    const { messages, nextCursor } = await this.#messages.page(
      space,
      loaded,
      query,
      options.whole ?? false,
    );
    return { items: messages, nextCursor };
  }

  /**
   * A thread with its branch on view, in step with a running answer; null when there is none.
   * @param options.limit newest messages of the branch; all of them unless told
   */
  async view(
    space: string,
    threadId: string,
    { limit = Infinity }: { limit?: number } = {},
  ): Promise<ThreadView | null> {
    const loaded = await this.#parts.store.loadThread(space, threadId);
    if (loaded === null) return null;
    const query = { limit, cursor: null };
    const [thread, page] = await Promise.all([
      this.#show(space, loaded),
      this.#messages.page(space, loaded, query, false),
    ]);
    return { thread, ...page };
  }

  async #show(
    space: string,
    thread: ListedThread | LoadedThread,
  ): Promise<Thread> {
    return (await showThreads(space, [thread], this.#parts))[0];
  }
}

function newThread(
  input: NewThread,
): { record: ThreadRecord; activity: ThreadActivityRecord } {
  const now = new Date().toISOString();
  return {
    record: {
      v: 1,
      id: newId("thr"),
      title: input.title ?? "New thread",
      titleSource: input.title === undefined ? "auto" : "user",
      model: input.model ?? null,
      projectId: input.projectId ?? null,
      temporary: input.temporary ?? false,
      createdAt: now,
      version: 1,
    },
    activity: { v: 1, updatedAt: now, activeRunId: null },
  };
}
