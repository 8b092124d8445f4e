/** Threads that are deleted: gone at once, undone in time, and without a trace in the end. */
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type { Page, Thread } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  askWhole,
  followRun,
  getMessages,
  getRun,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import {
  deleteThread,
  json,
  problem,
  rowsNaming,
  threadCall,
} from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

/** When everything deleted up to now is due. */
const due = () => Date.now() + 31_000;

const restore = (app: TestApp, id: string) =>
  app.fetch(`/api/threads/${id}/restore`, { method: "POST" });

async function listedIds(app: TestApp, query = ""): Promise<string[]> {
  const page = await json<Page<Thread>>(
    await app.fetch(`/api/threads${query}`),
  );
  return page.items.map(({ id }) => id);
}

/**
 * What stays of a purged thread: the ledger, since the bill goes on when the text is gone; that someone
 * deleted it, by its id, in the audit log and the event that went there; and the rows, empty but for a
 * run's id, by which the retention of runs finds within an hour that nothing is left.
 */
const STAYS = /^\["(wsp_0+","(lg|rq|e|au)|sys","rx)"/;

/** Everything that a thread answers when it is gone. */
async function assertGone(app: TestApp, id: string): Promise<void> {
  const path = `/api/threads/${id}`;
  const message = { message: { content: "x" } };
  const answers: [string, Promise<Response>][] = [
    ["get", app.fetch(path)],
    ["messages", app.fetch(`${path}/messages`)],
    ["tree", app.fetch(`${path}/messages?tree=1`)],
    ["ask", app.post(`${path}/runs`, message)],
    ["read", app.fetch(`${path}/read`, { method: "POST" })],
    ["page", app.fetch(`/c/${id}`)],
    ["patch", threadCall(app, "PATCH", id, { ifMatch: "*", body: {} })],
    ["delete", threadCall(app, "DELETE", id, { ifMatch: "*" })],
  ];
  for (const [what, answer] of answers) {
    const { status, body } = await answer;
    await body?.cancel();
    assert.equal(status, 404, what);
  }
  for (const query of ["", "?archived=all", "?pinned=false"]) {
    assert.ok(!(await listedIds(app, query)).includes(id), query);
  }
}

Deno.test("DELETE thread: it is gone at once everywhere, and comes back whole", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { thread } = await askWhole(app, "How high?");
  const before = await getThread(app, thread.id);
  const messages = await getMessages(app, thread.id);
  await deleteThread(app, thread.id);
  await assertGone(app, thread.id);

  const back = await json<Thread>(await restore(app, thread.id));
  assert.deepEqual(back, { ...before, version: before.version + 2 });
  assert.deepEqual(await getThread(app, thread.id), back);
  assert.deepEqual(await getMessages(app, thread.id), messages);
  assert.deepEqual(await listedIds(app), [thread.id]);
  // Two that press the button at once both have their wish.
  assert.deepEqual(await json<Thread>(await restore(app, thread.id)), back);
  await app.services.threadPurge.sweep(due());
  assert.deepEqual(await getMessages(app, thread.id), messages);
});

Deno.test("DELETE thread: search forgets it at once, remembers it with its restore, and never knew a temporary one", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const word = "Hochwasserscheitel";
  const found = async (id: string) => {
    const answer = await json<Page<unknown>>(
      await app.fetch(`/api/search?q=${word}`),
    );
    return JSON.stringify(answer).includes(id);
  };
  const secret = await newThread(app, { temporary: true });
  const hidden = await ask(app, secret.id, { message: { content: word } });
  await followRun(app, hidden.run.id);
  const { thread } = await askWhole(app, word);
  await waitFor("the index", () => found(thread.id));
  assert.ok(!await found(secret.id));
  await deleteThread(app, thread.id);
  assert.ok(!await found(thread.id));
  await json(await restore(app, thread.id));
  await waitFor("the index", () => found(thread.id));
  await deleteThread(app, thread.id);
  await app.services.threadPurge.sweep(due());
  assert.ok(!await found(thread.id));
});

Deno.test("restore: an unknown thread, or one whose purge has begun, is 404", async () => {
  await using rig = await startChat();
  const { app } = rig;
  for (const id of [newId("thr"), "x"]) {
    await problem(await restore(app, id), 404, "not_found");
  }
  const { thread } = await askWhole(app, "x");
  await deleteThread(app, thread.id);
  assert.equal(await app.services.threadPurge.sweep(due()), 1);
  await problem(await restore(app, thread.id), 404, "not_found");
});

Deno.test("DELETE thread: of two at once one counts, against a PATCH too", async () => {
  await using rig = await startChat();
  for (let round = 0; round < 10; round += 1) {
    const { id } = await newThread(rig.app);
    const answers = await Promise.all([
      threadCall(rig.app, "DELETE", id),
      threadCall(rig.app, "DELETE", id),
      threadCall(rig.app, "PATCH", id, { body: { title: "x" } }),
    ]);
    const statuses = answers.map(({ status }) => status);
    for (const { body } of answers) await body?.cancel();
    const counted = statuses.filter((status) => status < 300);
    assert.equal(counted.length, 1, statuses.join());
    for (const status of statuses) {
      assert.ok([200, 204, 404, 412].includes(status), statuses.join());
    }
  }
});

Deno.test("purge: no row of a thread stays, nor of its long texts, runs and receipts", async () => {
  const text = "Wasserstand ".repeat(20_000);
  await using rig = await startChat({ behaviour: { text, split: false } });
  const { app } = rig;
  const made = await app.post("/api/threads", { title: "River" }, {
    "idempotency-key": "make",
  });
  const { id } = await json<Thread>(made, 201);
  const { run } = await ask(app, id, {
    message: { content: "q".repeat(40_000) },
  });
  await followRun(app, run.id);
  const [question, answer] = await getMessages(app, id);
  const again = await ask(app, id, { regenerate: answer.id });
  await followRun(app, again.run.id);
  const other = await askWhole(app, "stays");
  const ids = [id, run.id, again.run.id, question.id, answer.id];
  const blobs = await blobRows(app);
  assert.ok(blobs.length > 0);

  await deleteThread(app, id);
  assert.equal(await app.services.threadPurge.sweep(Date.now()), 0);
  assert.ok((await rowsNaming(app, id)).length > 0);
  assert.equal(await app.services.threadPurge.sweep(due()), 1);
  await assertGone(app, id);
  for (const each of ids) {
    const left = (await rowsNaming(app, each))
      .filter((key) => !STAYS.test(key));
    assert.deepEqual(left, []);
  }
  const kept = await getMessages(app, other.thread.id);
  assert.equal(kept.length, 2);
  const keptBlobs = await blobRows(app);
  assert.equal(
    keptBlobs.filter((key) => blobs.includes(key)).length,
    await blobsOf(app, other.thread.id),
  );
  assert.equal(await app.services.threadPurge.sweep(due()), 0);
  const anew = await app.post("/api/threads", { title: "River" }, {
    "idempotency-key": "make",
  });
  assert.notEqual((await json<Thread>(anew, 201)).id, id);
});

async function blobRows(app: TestApp): Promise<string[]> {
  const rows = app.services.store.kv.list({ prefix: ["sys", "bl"] });
  return await Array.fromAsync(rows, ({ key }) => JSON.stringify(key));
}

/** How many parts the texts of a thread's messages have. */
async function blobsOf(app: TestApp, threadId: string): Promise<number> {
  const rows = app.services.store.kv.list<
    { text: { blob?: { parts: number } } }
  >({ prefix: [LOCAL_SPACE, "m", threadId] });
  const parts = await Array.fromAsync(
    rows,
    ({ value }) => value.text.blob?.parts ?? 0,
  );
  return parts.reduce((sum, each) => sum + each, 0);
}

async function assertRunGone(app: TestApp, id: string): Promise<void> {
  const path = `/api/runs/${id}`;
  const post = { method: "POST" };
  const answers: [string, Promise<Response>][] = [
    ["get", app.fetch(path)],
    ["events", app.fetch(`${path}/events`)],
    ["poll", app.fetch(`${path}/events?poll=1`)],
    ["cancel", app.fetch(`${path}/cancel`, post)],
    ["continue", app.fetch(`${path}/continue`, post)],
  ];
  for (const [what, answer] of answers) {
    const { status, body } = await answer;
    await body?.cancel();
    assert.equal(status, 404, what);
  }
}

Deno.test("DELETE thread: while it answers, the provider is stopped and the end leaves nothing behind", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  upstream.hold();
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, { message: { content: "x" } });
  const chat = await upstream.waitForChat(0);
  await deleteThread(app, thread.id);
  await waitFor("the provider's socket to close", () => chat.closedAt);
  await assertGone(app, thread.id);
  await assertRunGone(app, run.id);
  await waitFor("the end of the run", async () => {
    await app.services.threadPurge.sweep(due());
    const left = await rowsNaming(app, thread.id);
    return left.every((key) => STAYS.test(key));
  });
  await assertGone(app, thread.id);
  await assertRunGone(app, run.id);
});

Deno.test("restore: a thread that was answering comes back with the stopped answer", async () => {
  await using rig = await startChat({ behaviour: { text: "one two three" } });
  const { app, upstream } = rig;
  upstream.hold();
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, { message: { content: "x" } });
  await upstream.waitForChat(0);
  await deleteThread(app, thread.id);
  await json(await restore(app, thread.id));
  await waitFor(
    "the end of the run",
    async () => (await getRun(app, run.id)).status === "cancelled",
  );
  const [, answer] = await getMessages(app, thread.id);
  assert.equal(answer.status, "stopped");
  const now = await getThread(app, thread.id);
  assert.equal(now.activeRunId, null);
});
