import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Store } from "@/lib/kv/store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { MessageRecord, ThreadRecord } from "./records.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import { type ThreadFilter, ThreadListStore } from "./thread_list_store.ts";
import { ThreadMessages } from "./thread_messages.ts";
import { groupKeys, LIST_ENTRY, ThreadStore } from "./thread_store.ts";

const WORKSPACE = "wsp_test";
const AT_MS = 1_700_000_000_000;
const ALL: ThreadFilter = {
  archived: null,
  pinned: null,
  projectId: null,
  tagKey: null,
};

/** Counts the reads of a store, and the rows that they ask for. */
class CountingKv extends WrappedKv {
  reads = 0;
  rows = 0;

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    this.reads += 1;
    this.rows += keys.length;
    return super.getMany<T>(keys, options);
  }

  override list<T>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    this.reads += 1;
    this.rows += options?.limit ?? Infinity;
    return super.list<T>(selector, options);
  }
}

async function countedStore() {
  let counts!: CountingKv;
  const store = await openStore({
    location: ":memory:",
    wrap: (kv) => counts = new CountingKv(kv),
  });
  const reset = () => counts.reads = counts.rows = 0;
  return { store, counts, reset, [Symbol.dispose]: () => store.close() };
}

/** Stores threads, and gives their ids, newest first. */
async function fill(
  store: Store,
  count: number,
  fields: (index: number) => Partial<ThreadRecord>,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += 100) {
    const unit = new UnitOfWork();
    for (let index = from; index < Math.min(from + 100, count); index += 1) {
      const at = new Date(AT_MS + index).toISOString();
      const record: ThreadRecord = {
        v: 1,
        id: newId("thr"),
        title: `t${index}`,
        titleSource: "auto",
        model: null,
        createdAt: at,
        version: 1,
        ...fields(index),
      };
      const key = keys.threadKey(WORKSPACE, record.id);
      if (index === from) unit.guard(key, null, record);
      else unit.set(key, record);
      unit.set(keys.threadActivityKey(WORKSPACE, record.id), {
        v: 1,
        updatedAt: at,
        activeRunId: null,
      });
      unit.set(
        keys.threadListKey(WORKSPACE, AT_MS + index, record.id),
        LIST_ENTRY,
      );
      for (const group of groupKeys(WORKSPACE, record).values()) {
        unit.set(group, LIST_ENTRY);
      }
      ids.unshift(record.id);
    }
    assert.ok((await commit(store, unit)).ok);
  }
  return ids;
}

/** All pages of a list; gives how many there were. */
async function walk(
  store: Store,
  filter: ThreadFilter,
  limit: number,
): Promise<{ ids: string[]; pages: number }> {
  const lists = new ThreadListStore(store);
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let pages = 1;; pages += 1) {
    const page = await lists.page(WORKSPACE, { limit, cursor }, filter);
    assert.ok(page.items.length <= limit);
    ids.push(...page.items.map(({ record }) => record.id));
    cursor = page.nextCursor;
    if (cursor === null) return { ids, pages };
  }
}

Deno.test("ThreadListStore.page: reads no more than the page where all fit the filter", async () => {
  using counted = await countedStore();
  const { store, counts } = counted;
  const ids = await fill(store, 500, () => ({}));
  counted.reset();
  const page = await new ThreadListStore(store).page(
    WORKSPACE,
    { limit: 50, cursor: null },
    ALL,
  );
  assert.deepEqual(page.items.map(({ record }) => record.id), ids.slice(0, 50));
  assert.ok(counts.rows <= 160, `${counts.rows} rows`);
  assert.deepEqual(await walk(store, ALL, 50), { ids, pages: 10 });
});

Deno.test("ThreadListStore.page: a rare filter reads a bounded part of a long list, and comes to its end", async () => {
  using counted = await countedStore();
  const { store, counts } = counted;
  const rare = (index: number) => index % 1_499 === 0;
  const ids = await fill(store, 3_000, (index) => ({ archived: rare(index) }));
  const filter = { ...ALL, archived: true };
  counted.reset();
  const first = await new ThreadListStore(store).page(
    WORKSPACE,
    { limit: 2, cursor: null },
    filter,
  );
  assert.ok(first.nextCursor !== null);
  assert.ok(counts.rows <= 4_000, `${counts.rows} rows`);
  assert.ok(counts.reads <= 400, `${counts.reads} reads`);
  const { ids: found, pages } = await walk(store, filter, 2);
  assert.deepEqual(found, ids.filter((_, index) => rare(2_999 - index)));
  assert.ok(pages <= 6, `${pages} pages`);
});

for (
  const [name, filter, fields] of [
    ["pin", { pinned: true }, { pinned: true }],
    ["project", { projectId: "prj_1" }, { projectId: "prj_1" }],
    ["tag", { tagKey: "0 river" }, { tags: ["0 lake", "0 river"] }],
  ] as [string, Partial<ThreadFilter>, Partial<ThreadRecord>][]
) {
  Deno.test(`ThreadListStore.page: threads of one ${name} are found without reading the others, many or few`, async () => {
    for (const every of [40, 3]) {
      using counted = await countedStore();
      const { store, counts } = counted;
      const isIn = (index: number) => index % every === 0;
      const ids = await fill(
        store,
        1_000,
        (index) => isIn(index) ? fields : {},
      );
      const expected = ids.filter((_, index) => isIn(999 - index));
      counted.reset();
      const page = await new ThreadListStore(store).page(
        WORKSPACE,
        { limit: 7, cursor: null },
        { ...ALL, ...filter },
      );
      assert.deepEqual(
        page.items.map(({ record }) => record.id),
        expected.slice(0, 7),
      );
      assert.ok(counts.rows <= 1_100, `${counts.rows} rows`);
      const found = await walk(store, { ...ALL, ...filter }, 7);
      assert.deepEqual(found.ids, expected);
    }
  });
}

Deno.test("ThreadMessages.page: the branch among 5,000 answers to one question takes few reads", async () => {
  using counted = await countedStore();
  const { store, counts } = counted;
  const threads = new ThreadStore(store, () => "inc");
  const [threadId] = await fill(store, 1, () => ({}));
  const question = newId("msg");
  const message = (id: string, parentId: string | null, index: number) => ({
    v: 1,
    id,
    threadId,
    parentId,
    role: parentId === null ? "user" : "assistant",
    text: { inline: `text ${index}` },
    status: "complete",
    runId: null,
    model: null,
    usage: null,
    error: null,
    createdAt: new Date(AT_MS + index).toISOString(),
  } satisfies MessageRecord);
  const answers = Array.from({ length: 5_000 }, () => newId("msg"));
  const all = [question, ...answers];
  for (let from = 0; from < all.length; from += 300) {
    const unit = new UnitOfWork();
    for (const [offset, id] of all.slice(from, from + 300).entries()) {
      const parentId = id === question ? null : question;
      const record = message(id, parentId, from + offset);
      const key = keys.messageKey(WORKSPACE, threadId, id);
      if (offset === 0) unit.guard(key, null, record);
      else unit.set(key, record);
    }
    assert.ok((await commit(store, unit)).ok);
  }
  const loaded = (await threads.loadThread(WORKSPACE, threadId))!;
  const record = { ...loaded.record, headMessageId: answers[4_999] };
  // Nothing streams, so neither is asked.
  const messages = new ThreadMessages(threads, {} as RunStore, {} as Runs);
  counted.reset();
  const page = await messages.page(
    WORKSPACE,
    { ...loaded, record },
    { limit: 200, cursor: null },
    false,
  );
  assert.deepEqual(page.messages.map(({ content }) => content), [
    "text 0",
    "text 5000",
  ]);
  assert.ok(counts.reads <= 30, `${counts.reads} reads`);
  assert.ok(JSON.stringify(page).length < 20_000);
  assert.deepEqual(page.messages[1].siblings, answers.slice(-200));
});
