/** Threads and their messages, as the routes use them. */
import { newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Message, Page, Thread } from "@/lib/shared/wire.ts";
import { formatPosition } from "@/lib/streams/position.ts";
import { findModel, type ModelResolver } from "./choose_model.ts";
import { headOf, toMessage, toThread } from "./records.ts";
import { notFound } from "./refusals.ts";
import { textOf } from "./run_events.ts";
import type { NewThread } from "./run_input.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import type { LoadedThread, ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";

/** A thread as its page shows it. */
export interface ThreadView {
  thread: Thread;
  /** The branch on view, oldest first. */
  messages: Message[];
  /** SSE id up to which a streaming answer's `content` goes; null when nothing streams. */
  lastEventId: string | null;
}

export class Threads {
  readonly #store: ThreadStore;
  readonly #runStore: RunStore;
  readonly #runs: Runs;
  readonly #models: ModelResolver;

  constructor(
    store: ThreadStore,
    runStore: RunStore,
    runs: Runs,
    models: ModelResolver,
  ) {
    this.#store = store;
    this.#runStore = runStore;
    this.#runs = runs;
    this.#models = models;
  }

  async create(workspace: string, input: NewThread): Promise<Thread> {
    if (input.model !== undefined) {
      await findModel(this.#models, input.model);
    }
    const now = new Date().toISOString();
    const record = {
      v: 1 as const,
      id: newId("thr"),
      title: input.title ?? "New thread",
      titleSource: input.title === undefined
        ? "auto" as const
        : "user" as const,
      model: input.model ?? null,
      createdAt: now,
      version: 1,
    };
    const activity = {
      v: 1 as const,
      updatedAt: now,
      activeRunId: null,
    };
    await this.#store.createThread(workspace, record, activity);
    return toThread(record, activity);
  }

  async get(workspace: string, threadId: string): Promise<Thread | null> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    return loaded === null ? null : toThread(loaded.record, loaded.activity);
  }

  /** @throws {AppError} 404 `not_found` */
  async require(workspace: string, threadId: string): Promise<Thread> {
    const thread = await this.get(workspace, threadId);
    if (thread === null) throw notFound("thread");
    return thread;
  }

  /** Threads by their newest activity. */
  async list(
    workspace: string,
    query: PageQuery,
  ): Promise<Page<Thread>> {
    const { items, nextCursor } = await this.#store.listThreads(
      workspace,
      query,
    );
    return {
      items: items.map(({ record, activity }) => toThread(record, activity)),
      nextCursor,
    };
  }

  /**
   * The messages of a thread: the branch on view, or all of them.
   * @throws {AppError} 404 `not_found`
   */
  async listMessages(
    workspace: string,
    threadId: string,
    options: { whole?: boolean } = {},
  ): Promise<Message[]> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    if (loaded === null) throw notFound("thread");
    return (await this.#messages(workspace, loaded, options.whole ?? false))
      .messages;
  }

  /** A thread with its branch on view, in step with a running answer; null when there is none. */
  async view(workspace: string, threadId: string): Promise<ThreadView | null> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    if (loaded === null) return null;
    return {
      thread: toThread(loaded.record, loaded.activity),
      ...await this.#messages(workspace, loaded, false),
    };
  }

  async #messages(
    workspace: string,
    { record, activity }: LoadedThread,
    whole: boolean,
  ): Promise<{ messages: Message[]; lastEventId: string | null }> {
    const records = await this.#store.readMessages(workspace, record.id);
    const tree = new MessageTree(records);
    const shown = whole ? tree.all() : tree.branch(headOf(record, activity));
    const texts = await this.#store.readTexts(
      shown.map((message) => message.text),
    );
    const streaming = shown.find((message) => message.status === "streaming");
    const stored = streaming?.runId && this.#runs.live(streaming.runId) === null
      ? await this.#runStore.readRunEvents(workspace, streaming.runId)
      : null;
    // Nothing is awaited from here on, so the text and the place in the stream belong together.
    let lastEventId: string | null = null;
    const messages = shown.map((message, index) => {
      let content = texts[index];
      if (message === streaming && message.runId !== null) {
        const live = this.#runs.live(message.runId);
        content = live?.text ?? textOf(stored?.events ?? []);
        const last = live?.events.at(-1) ?? stored?.events.at(-1);
        if (last !== undefined) lastEventId = formatPosition(last.position);
      }
      return toMessage(message, content, tree.siblings(message));
    });
    return { messages, lastEventId };
  }
}
