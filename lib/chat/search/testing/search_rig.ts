/** Threads in a real store, with what keeps their index, for tests and measurements of the search. */
import type {
  MessageRecord,
  ThreadActivityRecord,
  ThreadRecord,
} from "@/lib/chat/records.ts";
import { openTextKeys, ThreadStore } from "@/lib/chat/thread_store.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { commit } from "@/lib/kv/commit.ts";
import {
  cursorKey,
  messageKey,
  threadActivityKey,
  threadKey,
} from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { SearchPage } from "@/lib/shared/search/search_wire.ts";
import type { CursorRecord } from "@/lib/events/consumer.ts";
import { newestVersionstamp } from "@/lib/events/read_events.ts";
import { ChangeReader } from "../changes.ts";
import { IndexCache } from "../index_cache.ts";
import { IndexStore } from "../index_store.ts";
import { SearchIndexer } from "../indexer.ts";
import { ScanStore } from "../scan_store.ts";
import { Search } from "../search.ts";

export const WORKSPACE = "wsp_1";

export interface NewThread {
  title: string;
  /** Texts in turn of the person and the model. */
  texts?: readonly string[];
  space?: string;
  updatedAt?: string;
  more?: Partial<ThreadRecord>;
  /** Writes the records without telling anybody, as a store from before the search has them. */
  isSilent?: boolean;
}

export class SearchRig {
  readonly store: Store;
  readonly threads: ThreadStore;
  readonly index: IndexStore;
  readonly cache: IndexCache;
  readonly indexer: SearchIndexer;
  readonly consumers: Consumers;
  readonly search: Search;

  constructor(store: Store) {
    this.store = store;
    this.threads = new ThreadStore(store, () => "inc_test");
    this.index = new IndexStore(store);
    this.cache = new IndexCache(this.index);
    const scan = new ScanStore(store);
    this.indexer = new SearchIndexer(
      this.index,
      new ChangeReader(this.threads, scan),
      scan,
    );
    this.consumers = new Consumers(store, silentLogger());
    this.consumers.add(this.indexer);
    this.search = new Search(this.threads, this.cache);
  }

  /** Stores a thread; its id and those of its messages. */
  async add(
    {
      title,
      texts = [],
      space = WORKSPACE,
      updatedAt = new Date().toISOString(),
      more = {},
      isSilent = false,
    }: NewThread,
  ): Promise<{ id: string; messages: string[] }> {
    const id = newId("thr");
    const record: ThreadRecord = {
      v: 1,
      id,
      title,
      titleSource: "user",
      model: null,
      createdAt: updatedAt,
      version: 1,
      ...more,
    };
    const activity: ThreadActivityRecord = {
      v: 1,
      updatedAt,
      activeRunId: null,
    };
    const unit = new UnitOfWork()
      .guard(threadKey(space, id), null, record)
      .set(threadActivityKey(space, id), activity);
    const at = Date.parse(updatedAt);
    if (!isSilent) {
      unit.event(space, {
        type: "thread.created",
        at,
        subject: id,
        data: {},
      });
    }
    const messages: string[] = [];
    for (const [index, text] of texts.entries()) {
      const message: MessageRecord = {
        v: 1,
        id: newId("msg"),
        threadId: id,
        parentId: messages.at(-1) ?? null,
        role: index % 2 === 0 ? "user" : "assistant",
        text: await this.threads.writeText(text),
        status: "complete",
        runId: null,
        model: null,
        usage: null,
        error: null,
        createdAt: updatedAt,
      };
      messages.push(message.id);
      unit.set(messageKey(space, id, message.id), message);
      for (const open of openTextKeys(message.text)) unit.delete(open);
      if (isSilent) continue;
      unit.event(space, {
        type: "message.created",
        at,
        subject: message.id,
        data: { threadId: id },
      });
    }
    await commit(this.store, unit);
    return { id, messages };
  }

  /** Changes the record of a thread, and tells of it. */
  async edit(
    id: string,
    verb: "updated" | "deleted" | "restored" | "purged",
    change: Partial<ThreadRecord>,
    space = WORKSPACE,
  ): Promise<void> {
    const key = threadKey(space, id);
    const { value, versionstamp } = await get<ThreadRecord>(this.store, key);
    const unit = new UnitOfWork()
      .guard(key, versionstamp, { ...value!, ...change })
      .event(space, {
        type: `thread.${verb}`,
        at: this.store.clock.now(),
        subject: id,
        data: {},
      });
    await commit(this.store, unit);
  }

  /** Resolves once everything that was told so far is in the index. */
  async settled(): Promise<void> {
    const { store } = this;
    const newest = await newestVersionstamp(
      store,
      new AbortController().signal,
    );
    while (true) {
      const { value } = await get<CursorRecord>(
        store,
        cursorKey(this.indexer.name),
      );
      const isThere = value !== null && value.sync === undefined &&
        value.i === undefined && value.vs >= newest;
      if (isThere) return;
      await new Promise<void>((resolve) => store.clock.after(5, resolve));
    }
  }

  find(
    query: string,
    { space = WORKSPACE, limit = 50, cursor = null as string | null } = {},
  ): Promise<SearchPage> {
    return this.search.find(space, query, { limit, cursor });
  }

  /** Titles of what is found, in order. */
  async titles(query: string, space = WORKSPACE): Promise<string[]> {
    const { items } = await this.find(query, { space });
    return items.map(({ title }) => title);
  }
}
