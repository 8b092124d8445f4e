/** Runs and what nobody should ask of them: wrong ids and places, strange answers, threads that vanish. */
import { FIRST_WORKSPACE, LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { MessageRecord } from "@/lib/chat/records.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  ask,
  askStream,
  askWhole,
  type ChatRig,
  followRun,
  getMessages,
  getRun,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import {
  assemble,
  collectEvents,
  readEvents,
  type ReceivedEvent,
} from "../support/sse.ts";
import { deleteThread, json, problem } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "one two three four five six seven eight";

/** Places that no follower of a run in its second epoch can stand at, and one of its first. */
const WRONG_PLACES = [
  "2.999999999",
  "2.99999999999999999999",
  "-2.1",
  "2.-1",
  "-1",
  "3.0",
  "0.0",
  "1.2",
  "1.0",
  "2.1.1",
  "2",
  "2.1e0",
  "02.1",
  "٢.١",
  "NaN.NaN",
  "garbage",
  "%00",
  "x".repeat(4_000),
];

/** Every call that names a run. */
function callsOf(app: TestApp, run: string): Record<string, Promise<Response>> {
  const post = { method: "POST" };
  return {
    get: app.fetch(`/api/runs/${run}`),
    events: app.fetch(`/api/runs/${run}/events`),
    poll: app.fetch(`/api/runs/${run}/events?poll=1`),
    cancel: app.fetch(`/api/runs/${run}/cancel`, post),
    continue: app.fetch(`/api/runs/${run}/continue`, post),
  };
}

Deno.test("run ids: forged ones and those of other things are 404 for every call", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { thread, events } = await askWhole(rig.app, "x");
  const { runId, messageId } = events[0].data;
  const forged = [
    newId("run"),
    thread.id,
    messageId,
    runId.slice(0, -1),
    `${runId}0`,
    runId.toUpperCase(),
    runId.replace("run_", "thr_"),
    `run_${"0".repeat(22)}`,
    `run_${"z".repeat(5_000)}`,
    `..%2f${runId}`,
    `${runId}%00`,
    "%ff",
    "*",
  ];
  for (const id of forged) {
    for (const call of Object.values(callsOf(rig.app, id))) {
      await problem(await call, 404, "not_found");
    }
  }
  assert.equal((await getRun(rig.app, runId)).status, "completed");
});

Deno.test("run ids: one of a deleted thread is 404 for every call", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { thread, events } = await askWhole(rig.app, "x");
  await deleteThread(rig.app, thread.id);
  for (const call of Object.values(callsOf(rig.app, events[0].data.runId))) {
    await problem(await call, 404, "not_found");
  }
});

/** A run that has been handed over once, so that its epoch is 2; two words of it have come. */
async function runOfSecondEpoch() {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: TEXT, split: false },
  });
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url };
  const start = () => startApp({ env, location: `${dataDir}/freshet.db` });
  upstream.hold();
  const before = await start();
  const thread = await newThread(before);
  const { run } = await ask(before, thread.id, { message: { content: "x" } });
  upstream.release(4);
  await waitFor(
    "the first words",
    () => before.services.hub.get(run.id)!.lastSeq >= 4,
  );
  await before.close();
  upstream.hold();
  const app = await start();
  await upstream.waitForChat(1);
  upstream.release(2);
  await waitFor(
    "the first words once more",
    () => (app.services.hub.get(run.id)?.lastSeq ?? 0) >= 2,
  );
  return {
    app,
    upstream,
    runId: run.id,
    async [Symbol.asyncDispose]() {
      upstream.release();
      await app.close();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

function isHeader(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value);
}

function assertBegunAnew(events: ReceivedEvent[], place: string): void {
  assert.equal(events[0].event, "reset", place);
  assert.equal(events[0].id, "2.0", place);
  assert.equal(assemble(events), TEXT, place);
  assert.equal(events.at(-1)!.event, "done", place);
}

Deno.test("Last-Event-ID: beyond the end, negative, of another epoch or garbage gets a reset and the whole text, live and ended", async () => {
  await using given = await runOfSecondEpoch();
  const { app, upstream, runId } = given;
  const places = WRONG_PLACES.filter(isHeader);
  const live: ReceivedEvent[][] = await (async () => {
    const responses = await Promise.all(
      places.map((place) =>
        app.fetch(`/api/runs/${runId}/events`, {
          headers: { "last-event-id": place },
        })
      ),
    );
    upstream.release();
    return await Promise.all(responses.map(collectEvents));
  })();
  for (const [index, place] of places.entries()) {
    assertBegunAnew(live[index], `live, ${place}`);
  }
  for (const from of ["memory", "store"]) {
    if (from === "store") app.services.hub.clear();
    for (const place of places) {
      const events = await followRun(app, runId, place);
      assertBegunAnew(events, `from ${from}, ${place}`);
    }
  }
});

Deno.test("?after=: a wrong place gets a reset and the text too", async () => {
  await using given = await runOfSecondEpoch();
  const { app, upstream, runId } = given;
  for (const place of WRONG_PLACES) {
    const query = new URLSearchParams({ poll: "1", after: place });
    const { events, ended } = await json<
      { events: ReceivedEvent[]; ended: boolean }
    >(
      await app.fetch(`/api/runs/${runId}/events?${query}`),
    );
    assert.equal(events[0].event, "reset", place);
    assert.equal(events[0].id, "2.0", place);
    assert.equal(assemble(events), "one two ", place);
    assert.equal(ended, false);
  }
  upstream.release();
});

Deno.test("parent of another thread: neither asked below, nor answered again, and nothing is stored", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { app, upstream } = rig;
  const { thread } = await askWhole(app, "mine");
  const messages = await getMessages(app, thread.id);
  const other = await newThread(app);
  await followRun(
    app,
    (await ask(app, other.id, { message: { content: "x" } })).run.id,
  );
  const before = await getMessages(app, other.id, "?tree=1");
  const asked = upstream.chats().length;
  const path = `/api/threads/${other.id}/runs`;
  const message = { content: "y" };
  for (const { id } of messages) {
    const below = await app.post(path, { message, parentId: id });
    await problem(below, 404, "not_found");
    const again = await app.post(path, { regenerate: id });
    await problem(again, 404, "not_found");
  }
  assert.deepEqual(await getMessages(app, other.id, "?tree=1"), before);
  assert.equal((await getThread(app, other.id)).activeRunId, null);
  assert.equal(upstream.chats().length, asked);
});

/** Stores so many first questions of a thread beside each other, as 5,000 edits of one would. */
async function fillQuestions(
  { services: { store } }: TestApp,
  threadId: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  const atMs = Date.now() - count;
  while (ids.length < count) {
    const unit = new UnitOfWork();
    for (let place = 0; place < 250 && ids.length < count; place += 1) {
      const record: MessageRecord = {
        v: 1,
        id: newId("msg"),
        threadId,
        parentId: null,
        role: "user",
        text: { inline: `question ${ids.length}` },
        status: "complete",
        runId: null,
        model: null,
        usage: null,
        error: null,
        createdAt: new Date(atMs + ids.length).toISOString(),
      };
      const key = keys.messageKey(LOCAL_SPACE, threadId, record.id);
      if (place === 0) unit.guard(key, null, record);
      else unit.set(key, record);
      ids.push(record.id);
    }
    assert.ok((await commit(store, unit)).ok);
  }
  return ids;
}

Deno.test("5,000 siblings: one more is asked, an old one is answered, and no answer grows with them", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { app, upstream } = rig;
  const thread = await newThread(app);
  const ids = await fillQuestions(app, thread.id, 5_000);
  const edited = await ask(app, thread.id, {
    message: { content: "one more" },
    parentId: null,
  });
  assert.equal(assemble(await followRun(app, edited.run.id)), TEXT);
  const old = await ask(app, thread.id, { regenerate: ids[2_500] });
  assert.equal(assemble(await followRun(app, old.run.id)), TEXT);
  // Only the branch is sent, not what stands beside it.
  assert.deepEqual(
    upstream.chats().map(({ body }) =>
      body.messages.map(({ content }: { content: string }) => content)
    ),
    [["one more"], ["question 2500"]],
  );
  const response = await app.fetch(`/api/threads/${thread.id}/messages`);
  const text = await response.text();
  assert.ok(text.length < 200_000, `${text.length} characters`);
  const { items }: Page<Message> = JSON.parse(text);
  assert.deepEqual(items.map(({ content }) => content), [
    "question 2500",
    TEXT,
  ]);
});

/** An answer of the upstream whose events hold exactly these texts, as JSON may escape them. */
function eventsOf(texts: string[]): string {
  const events = texts.map((content) =>
    JSON.stringify({ choices: [{ index: 0, delta: { content } }] })
  );
  const end = JSON.stringify({
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
  });
  return [...events, end, "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
}

async function assertSameEverywhere(
  { app }: ChatRig,
  text: string,
): Promise<void> {
  const { thread, events } = await askWhole(app, "x");
  assert.ok(assemble(events) === text, "the streamed text differs");
  assert.equal(events.at(-1)!.data.status, "completed");
  const { runId } = events[0].data;
  for (const from of ["memory", "store"]) {
    if (from === "store") app.services.hub.clear();
    const replay = await followRun(app, runId);
    assert.ok(assemble(replay) === text, `the replay from ${from} differs`);
    const run = await getRun(app, runId);
    assert.ok(run.outputText === text, `the run from ${from} differs`);
  }
  const [, answer] = await getMessages(app, thread.id);
  assert.ok(answer.content === text, "the stored text differs");
}

Deno.test("an answer of 2 MB without a space, in events of very different sizes, is the same everywhere", async () => {
  const texts: string[] = [];
  for (let length = 1; texts.length < 22; length *= 2) {
    texts.push(String.fromCodePoint(0x4e00 + texts.length).repeat(length));
  }
  const text = texts.join("").slice(0, 2 * 1024 * 1024);
  texts[texts.length - 1] = texts.at(-1)!.slice(
    0,
    text.length - texts.slice(0, -1).join("").length,
  );
  await using rig = await startChat({
    behaviour: { rawBody: eventsOf(texts) },
  });
  await assertSameEverywhere(rig, text);
});

Deno.test("an answer of 2 MB of escapes, line ends and emoji is the same everywhere", async () => {
  const strange =
    '\u0000\u001b[31m\r\n\n\u2028\u2029"\\</script>\ufeff🌊👋🏽e\u0301';
  const texts = Array.from(
    { length: Math.ceil(2 * 1024 * 1024 / (strange.length * 100)) },
    () => strange.repeat(100),
  );
  await using rig = await startChat({
    behaviour: { rawBody: eventsOf(texts) },
  });
  await assertSameEverywhere(rig, texts.join(""));
});

Deno.test("an emoji that the provider cuts in two is whole everywhere", async () => {
  const texts = [..."river 🌊 wave 🌊"].flatMap((character) =>
    character.split("")
  );
  assert.ok(texts.includes("\ud83c"));
  await using rig = await startChat({
    behaviour: { rawBody: eventsOf(texts) },
  });
  await assertSameEverywhere(rig, texts.join(""));
});

Deno.test("an answer of 2 MB that was stopped is continued, and stays whole", async () => {
  const words = 2 * 1024 * 1024 / 16;
  await using rig = await startChat({
    behaviour: {
      text: "0123456789abcde ".repeat(words),
      burst: 500,
      stallAfter: words - 500,
    },
  });
  const { app, upstream } = rig;
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, { message: { content: "x" } });
  const soFar = () => app.services.hub.get(run.id)?.text.length ?? 0;
  await waitFor("most of it", () => soFar() > 2_000_000);
  const cancelled = await app.post(`/api/runs/${run.id}/cancel`, {});
  const { outputText } = await json<{ outputText: string }>(cancelled);
  upstream.next({ text: "the end" });
  const { run: rest } = await json<{ run: { id: string } }>(
    await app.post(`/api/runs/${run.id}/continue`, {}),
    201,
  );
  for (const from of ["memory", "store"]) {
    if (from === "store") app.services.hub.clear();
    const events = await followRun(app, rest.id);
    assert.equal(events.at(-1)!.data.status, "completed", from);
    const text = assemble(events);
    assert.ok(text === `${outputText}the end`, `the text from ${from} differs`);
  }
});

Deno.test("deleting a thread while it answers: its followers are let go, the provider is stopped, and its cost is kept once", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { app, upstream } = rig;
  upstream.hold();
  const thread = await newThread(app);
  const response = await askStream(app, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  const { runId } = (await events.next()).value!.data;
  upstream.release(2);
  await events.next();
  await deleteThread(app, thread.id);
  await upstream.waitForHangUp(0);
  const rest = await Array.fromAsync(events);
  const ends = rest.filter(({ event }) => event === "done");
  assert.ok(ends.every(({ data }) => data.status === "cancelled"));
  for (const call of Object.values(callsOf(app, runId))) {
    await problem(await call, 404, "not_found");
  }
  const rows = app.services.ledger.rows(
    FIRST_WORKSPACE,
    0,
    Number.MAX_SAFE_INTEGER,
    AbortSignal.timeout(10_000),
  );
  const attempts = await Array.fromAsync(rows);
  assert.deepEqual(attempts.map(({ run, status }) => ({ run, status })), [
    { run: runId, status: "cancelled" },
  ]);
  // The others go on.
  upstream.release();
  assert.equal(assemble((await askWhole(app, "y")).events), TEXT);
});
