/** Lists of threads and pages of messages: filters, cursors, and sizes that nobody expects. */
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { MessageRecord, ThreadRecord } from "@/lib/chat/records.ts";
import { groupKeys } from "@/lib/chat/thread_store.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Page, Thread } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  followRun,
  getMessages,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import {
  deleteThread,
  json,
  patchThread,
  problem,
} from "../support/thread_client.ts";

async function list(app: TestApp, query = ""): Promise<Page<Thread>> {
  return await json(await app.fetch(`/api/threads${query}`));
}

/** All pages of a list, at most `limit` items each. */
async function listAll(
  app: TestApp,
  query: string,
): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let pages = 1;; pages += 1) {
    const after: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page: Page<Thread> = await list(app, `?${query}${after}`);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === null) return { ids, pages };
  }
}

Deno.test("GET threads: filters by archive, pin, project and tag, newest activity first", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { id: projectId } = await json<{ id: string }>(
    await app.post("/api/projects", { name: "River" }),
    201,
  );
  const [plain, archived, pinned, both, tagged, inProject] = [
    await newThread(app, { title: "plain" }),
    await patchThread(app, await newThread(app), { archived: true }),
    await patchThread(app, await newThread(app), { pinned: true }),
    await patchThread(app, await newThread(app), {
      pinned: true,
      archived: true,
    }),
    await patchThread(app, await newThread(app), { tags: ["Wide River"] }),
    await newThread(app, { projectId }),
  ].map(({ id }) => id);
  const cases: [string, string[]][] = [
    ["", [inProject, tagged, pinned, plain]],
    ["?archived=false", [inProject, tagged, pinned, plain]],
    ["?archived=true", [both, archived]],
    ["?archived=all", [inProject, tagged, both, pinned, archived, plain]],
    ["?pinned=true", [pinned]],
    ["?pinned=true&archived=all", [both, pinned]],
    ["?pinned=false", [inProject, tagged, plain]],
    [`?projectId=${projectId}`, [inProject]],
    [`?projectId=${newId("prj")}`, []],
    ["?tag=wide%20river", [tagged]],
    ["?tag=%23WIDE%20RIVER", [tagged]],
    ["?tag=river", []],
    ["?tag=wide%20river&pinned=true", []],
  ];
  for (const [query, ids] of cases) {
    const page = await list(app, query);
    assert.deepEqual(page.items.map(({ id }) => id), ids, query);
    assert.equal(page.nextCursor, null, query);
  }
});

Deno.test("GET threads: values that mean nothing are refused by name", async () => {
  await using rig = await startChat();
  for (
    const query of [
      "archived=yes",
      "archived=",
      "pinned=1",
      "pinned=all",
      "projectId=x",
      "tag=",
      "tag=a%2Cb",
      `tag=${"x".repeat(51)}`,
      "limit=0",
      "limit=201",
      "limit=ten",
      "cursor=x",
      "cursor=1.thr_x",
      `cursor=${newId("thr")}`,
    ]
  ) {
    await problem(
      await rig.app.fetch(`/api/threads?${query}`),
      400,
      "invalid_request",
    );
  }
});

Deno.test("GET threads: pages hold each thread once while others move to the top", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const made: string[] = [];
  for (let count = 0; count < 12; count += 1) {
    made.unshift((await newThread(app, { title: `t${count}` })).id);
  }
  const first = await list(app, "?limit=5");
  assert.deepEqual(first.items.map(({ id }) => id), made.slice(0, 5));
  // One of the first page and one of the third are answered, and a new one is made.
  for (const id of [made[1], made[11]]) {
    const { run } = await ask(app, id, { message: { content: "x" } });
    await followRun(app, run.id);
  }
  await newThread(app);
  const second = await list(app, `?limit=5&cursor=${first.nextCursor}`);
  assert.deepEqual(second.items.map(({ id }) => id), made.slice(5, 10));
  const third = await list(app, `?limit=5&cursor=${second.nextCursor}`);
  assert.deepEqual(third.items.map(({ id }) => id), [made[10]]);
  assert.equal(third.nextCursor, null);
});

/** Puts threads into the store, oldest first; faster than one request each. */
async function fillThreads(
  app: TestApp,
  count: number,
  isPinned: (index: number) => boolean,
): Promise<string[]> {
  const { store } = app.services;
  const ids: string[] = [];
  for (let from = 0; from < count; from += 100) {
    const unit = new UnitOfWork();
    for (let index = from; index < Math.min(from + 100, count); index += 1) {
      const id = newId("thr");
      const at = new Date(1_700_000_000_000 + index).toISOString();
      const record: ThreadRecord = {
        v: 1,
        id,
        title: `t${index}`,
        titleSource: "auto",
        model: null,
        pinned: isPinned(index),
        archived: index % 1_499 === 0,
        createdAt: at,
        version: 1,
      };
      const key = keys.threadKey(LOCAL_SPACE, id);
      if (index === from) unit.guard(key, null, record);
      else unit.set(key, record);
      unit.set(keys.threadActivityKey(LOCAL_SPACE, id), {
        v: 1,
        updatedAt: at,
        activeRunId: null,
      }).set(keys.threadListKey(LOCAL_SPACE, Date.parse(at), id), { v: 1 });
      for (const group of groupKeys(LOCAL_SPACE, record).values()) {
        unit.set(group, { v: 1 });
      }
      ids.unshift(id);
    }
    assert.ok((await commit(store, unit)).ok);
  }
  return ids;
}

Deno.test("GET threads: the cursors of a rare filter lead through all of a long list", async () => {
  await using rig = await startChat({ behaviour: { text: "x" } });
  const { app } = rig;
  const ids = await fillThreads(app, 3_000, () => false);
  const archived = ids.filter((_, index) => (2_999 - index) % 1_499 === 0);
  assert.equal(archived.length, 3);
  const first = await list(app, "?archived=true&limit=2");
  assert.ok(first.nextCursor !== null);
  const all = await listAll(app, "archived=true&limit=2");
  assert.deepEqual(all.ids, archived);
  const every = await listAll(app, "archived=all&limit=200");
  assert.deepEqual(every.ids, ids);
});

for (
  const [name, isPinned] of [
    ["few", (index: number) => index % 400 === 7],
    ["many", (index: number) => index % 2 === 0],
  ] as const
) {
  Deno.test(`GET threads: the pinned ones come whole and in order where they are ${name}`, async () => {
    await using rig = await startChat();
    const { app } = rig;
    const ids = await fillThreads(app, 2_000, isPinned);
    const pinned = ids.filter((_, index) => {
      const place = 1_999 - index;
      return isPinned(place) && place % 1_499 !== 0;
    });
    const page = await list(app, "?pinned=true&limit=3");
    assert.deepEqual(page.items.map(({ id }) => id), pinned.slice(0, 3));
    const all = await listAll(app, "pinned=true&limit=50");
    assert.deepEqual(all.ids, pinned);
  });
}

Deno.test("GET threads: a thread leaves a group as it came, and comes back with its restore", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const groups = async () => {
    const rows = app.services.store.kv.list({
      prefix: [LOCAL_SPACE, "tx"],
    });
    return (await Array.fromAsync(rows)).length;
  };
  const thread = await newThread(app);
  assert.equal(await groups(), 0);
  const pinned = await patchThread(app, thread, {
    pinned: true,
    tags: ["a", "b"],
  });
  assert.equal(await groups(), 3);
  const ids = async (query: string) =>
    (await list(app, query)).items.map(({ id }) => id);
  assert.deepEqual(await ids("?pinned=true&tag=a"), [thread.id]);
  const tagged = await patchThread(app, pinned, { pinned: false, tags: ["b"] });
  assert.equal(await groups(), 1);
  assert.deepEqual(await ids("?tag=a"), []);
  assert.deepEqual(await ids("?tag=b"), [thread.id]);
  await deleteThread(app, tagged.id);
  assert.deepEqual(await ids("?tag=b"), []);
  await json(
    await app.fetch(`/api/threads/${thread.id}/restore`, { method: "POST" }),
  );
  assert.deepEqual(await ids("?tag=b"), [thread.id]);
  await deleteThread(app, tagged.id);
  await app.services.threadPurge.sweep(Date.now() + 31_000);
  assert.equal(await groups(), 0);
  // One that is temporary is in none.
  const secret = await newThread(app, { temporary: true });
  await patchThread(app, secret, { pinned: true });
  assert.equal(await groups(), 0);
});

Deno.test("GET messages: the newest page first, then older ones, each oldest first", async () => {
  await using rig = await startChat({ behaviour: { text: "x", split: false } });
  const { app } = rig;
  const thread = await newThread(app);
  for (let count = 0; count < 5; count += 1) {
    const { run } = await ask(app, thread.id, {
      message: { content: `q${count}` },
    });
    await followRun(app, run.id);
  }
  const path = `/api/threads/${thread.id}/messages`;
  const whole = await getMessages(app, thread.id);
  assert.equal(whole.length, 10);
  for (const tree of ["", "&tree=1"]) {
    let cursor: string | null = null;
    let read: Message[] = [];
    const sizes: number[] = [];
    do {
      const after: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page: Page<Message> = await json(
        await app.fetch(`${path}?limit=4${tree}${after}`),
      );
      read = [...page.items, ...read];
      sizes.push(page.items.length);
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(sizes, [4, 4, 2]);
    assert.deepEqual(read, whole);
  }
  // A page of exactly all messages is the last one.
  const exact = await json<Page<Message>>(await app.fetch(`${path}?limit=10`));
  assert.deepEqual([exact.items.length, exact.nextCursor], [10, null]);
});

Deno.test("GET messages: a cursor stays good when the branch on view changes", async () => {
  await using rig = await startChat({ behaviour: { text: "x", split: false } });
  const { app } = rig;
  const { id } = await newThread(app);
  for (const content of ["one", "two"]) {
    await followRun(app, (await ask(app, id, { message: { content } })).run.id);
  }
  const path = `/api/threads/${id}/messages`;
  const page = await json<Page<Message>>(await app.fetch(`${path}?limit=2`));
  const [first] = await getMessages(app, id);
  const edit = { message: { content: "other" }, parentId: null };
  await followRun(app, (await ask(app, id, edit)).run.id);
  const older = await json<Page<Message>>(
    await app.fetch(`${path}?limit=2&cursor=${page.nextCursor}`),
  );
  assert.equal(older.items[0].id, first.id);
  assert.deepEqual(older.items.map(({ content }) => content), ["one", "x"]);
  assert.equal(older.nextCursor, null);
});

Deno.test("GET messages: a wrong limit or cursor is refused", async () => {
  await using rig = await startChat();
  const { id } = await newThread(rig.app);
  for (
    const query of [
      "limit=0",
      "limit=201",
      "limit=x",
      "cursor=x",
      "cursor=",
      `cursor=${newId("msg")}`,
      `tree=1&cursor=${newId("msg")}`,
    ]
  ) {
    await problem(
      await rig.app.fetch(`/api/threads/${id}/messages?${query}`),
      400,
      "invalid_request",
    );
  }
});

/** Puts answers under one question into the store. */
async function fillAnswers(
  app: TestApp,
  question: Message,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += 250) {
    const unit = new UnitOfWork();
    for (let index = from; index < Math.min(from + 250, count); index += 1) {
      const record: MessageRecord = {
        v: 1,
        id: newId("msg"),
        threadId: question.threadId,
        parentId: question.id,
        role: "assistant",
        text: { inline: `answer ${index}` },
        status: "complete",
        runId: null,
        model: null,
        usage: null,
        error: null,
        createdAt: new Date(Date.now() + 1_000 + index).toISOString(),
      };
      const key = keys.messageKey(
        LOCAL_SPACE,
        question.threadId,
        record.id,
      );
      if (index === from) unit.guard(key, null, record);
      else unit.set(key, record);
      ids.push(record.id);
    }
    assert.ok((await commit(app.services.store, unit)).ok);
  }
  return ids;
}

Deno.test("GET messages: 5,000 answers to one question stay small and near", async () => {
  await using rig = await startChat({ behaviour: { text: "x" } });
  const { app } = rig;
  const { id } = await newThread(app);
  const asked = await ask(app, id, { message: { content: "x" } });
  await followRun(app, asked.run.id);
  const [question] = await getMessages(app, id);
  const ids = await fillAnswers(app, question, 5_000);
  const middle = ids[2_500];
  const thread = await getThread(app, id);
  await patchThread(app, thread, { headMessageId: middle });
  const response = await app.fetch(`/api/threads/${id}/messages`);
  const text = await response.text();
  assert.ok(text.length < 200_000, `${text.length} characters`);
  const { items }: Page<Message> = JSON.parse(text);
  assert.deepEqual(items.map(({ content }) => content), [
    "x",
    "answer 2500",
  ]);
  const { siblings } = items[1];
  assert.equal(siblings.length, 200);
  assert.ok(siblings.includes(ids[2_499]) && siblings.includes(ids[2_501]));
  // Another answer, an answer of the end, and the page of it are as quick.
  const { run } = await ask(app, id, { regenerate: middle });
  await followRun(app, run.id);
  const page = await app.fetch(`/c/${id}`);
  assert.equal(page.status, 200);
  await page.body?.cancel();
  const tree = await json<Page<Message>>(
    await app.fetch(`/api/threads/${id}/messages?tree=1`),
  );
  assert.equal(tree.items.length, 200);
  assert.ok(tree.nextCursor !== null);
});
