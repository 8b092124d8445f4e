/** Answers that are kept, and answers that several runs share, as a person's chats see them. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { Message, Run } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  ask,
  askStream,
  followRun,
  getMessages,
  getRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { type Behaviour, startFakeUpstream } from "../support/fake_upstream.ts";
import { assemble, collectEvents, readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "Grüße aus Zürich 🌊: the crest passed at 14:02. 河川水位。";
const USAGE = { usage: "own" as const };
const MODEL = "fake-1";
const PRICES = [{
  model: MODEL,
  from: "2025-01-01",
  inputPerMillionUsd: "1000",
  outputPerMillionUsd: "2000",
}];

const question = (content = "How high is the river?") => ({
  message: { content },
  model: MODEL,
  params: { temperature: 0 },
});

function start(behaviour: Behaviour, options: { location?: string } = {}) {
  return startChat(
    { behaviours: { [MODEL]: { text: TEXT, ...USAGE, ...behaviour } } },
    { ...options, configFile: { prices: PRICES } },
  );
}

/** Asks in a new thread and waits for the end. */
async function askToEnd(app: TestApp, body: unknown): Promise<Run> {
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, body);
  return await endOf(app, run.id);
}

async function endOf(app: TestApp, runId: string): Promise<Run> {
  await followRun(app, runId);
  return await getRun(app, runId);
}

/** Asks where the answer is expected at once. */
async function askKept(
  app: TestApp,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ run: Run; message: Message }> {
  const { id } = await newThread(app);
  const response = await app.post(`/api/threads/${id}/runs`, body, headers);
  assert.equal(response.status, 200);
  return await response.json();
}

async function ledgerOf({ services }: TestApp): Promise<LedgerRow[]> {
  const rows = services.ledger.rows(
    FIRST_WORKSPACE,
    0,
    Date.now() + 60_000,
    AbortSignal.timeout(10_000),
  );
  return await Array.fromAsync(rows);
}

Deno.test("cache: the same question in another thread is answered at once, without the provider", async () => {
  await using rig = await start({});
  const first = await askToEnd(rig.app, question());
  assert.equal(first.cache, "miss");
  assert.ok(first.costMicroUsd! > 0);
  const { run } = await askKept(rig.app, question());
  assert.equal(run.status, "completed");
  assert.equal(run.cache, "hit-l1");
  assert.equal(run.outputText, TEXT);
  assert.deepEqual(run.usage, first.usage);
  assert.equal(run.costMicroUsd, 0);
  assert.equal(rig.upstream.chats().length, 1);
  const messages = await getMessages(rig.app, run.threadId);
  assert.deepEqual(
    messages.map(({ content, status }) => [content, status]),
    [[question().message.content, "complete"], [TEXT, "complete"]],
  );
});

Deno.test("cache: a kept answer comes as a stream with places of its own, which can be followed again", async () => {
  await using rig = await start({});
  await askToEnd(rig.app, question());
  const thread = await newThread(rig.app);
  const events = await collectEvents(
    await askStream(rig.app, thread.id, question()),
  );
  assert.equal(events[0].data.cache, "hit-l1");
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, seq) => `1.${seq}`),
  );
  assert.equal(assemble(events), TEXT);
  assert.equal(events.at(-1)!.event, "done");
  const { runId } = events[0].data;
  assert.deepEqual(await followRun(rig.app, runId), events);
});

Deno.test("cache: respond-async is answered 200 when the answer is there", async () => {
  await using rig = await start({});
  await askToEnd(rig.app, question());
  const { run } = await askKept(rig.app, question(), {
    prefer: "respond-async",
  });
  assert.equal(run.status, "completed");
});

Deno.test("cache: another process answers from the store", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const location = `${folder}/freshet.db`;
    {
      await using rig = await start({}, { location });
      await askToEnd(rig.app, question());
      await rig.app.services.answers.cache.idle();
    }
    await using rig = await start({ text: "Another answer" }, { location });
    const { run } = await askKept(rig.app, question());
    assert.equal(run.cache, "hit-l2");
    assert.equal(run.outputText, TEXT);
    assert.equal(rig.upstream.chats().length, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cache: what a hit saved stands in the ledger, which bills it nothing", async () => {
  await using rig = await start({});
  const first = await askToEnd(rig.app, question());
  const { run } = await askKept(rig.app, question());
  const rows = await ledgerOf(rig.app);
  assert.deepEqual(
    rows.map(({ run, cache, savedMicroUsd }) => ({
      run,
      cache,
      saved: savedMicroUsd ?? 0,
    })),
    [
      { run: first.id, cache: "miss", saved: 0 },
      { run: run.id, cache: "hit-l1", saved: first.costMicroUsd },
    ],
  );
  assert.equal(rows[1].inputTokens + rows[1].outputTokens, 0);
  assert.equal(rows[1].costMicroUsd, 0);
  const report = rig.app.services.answers.report();
  assert.equal(report.outcomes["hit-l1"], 1);
  assert.equal(report.savedOutputTokens, first.usage!.outputTokens);
  assert.equal(report.savedMicroUsd, first.costMicroUsd);
});

Deno.test("cache: without temperature 0 every question goes to the provider", async () => {
  await using rig = await start({});
  const { params: _, ...body } = question();
  for (const asked of [1, 2]) {
    const run = await askToEnd(rig.app, body);
    assert.equal(run.cache, null);
    assert.equal(rig.upstream.chats().length, asked);
  }
});

Deno.test("cache: an answer of a temporary thread is not kept, nor is one given to it", async () => {
  await using rig = await start({});
  for (const asked of [1, 2]) {
    const thread = await newThread(rig.app, { temporary: true });
    const { run } = await ask(rig.app, thread.id, question());
    assert.equal((await endOf(rig.app, run.id)).cache, null);
    assert.equal(rig.upstream.chats().length, asked);
  }
});

Deno.test("cache: whoever asks again for an answer gets another one", async () => {
  await using rig = await start({});
  const first = await askToEnd(rig.app, question());
  const { run } = await ask(rig.app, first.threadId, {
    regenerate: first.messageId,
    params: { temperature: 0 },
  });
  assert.equal((await endOf(rig.app, run.id)).cache, null);
  assert.equal(rig.upstream.chats().length, 2);
});

const NOT_KEPT: Record<string, Behaviour> = {
  "cut by length": { finishReason: "length" },
  "filtered": { finishReason: "content_filter" },
  "broken off": { cutAfter: 3 },
  "ended by the provider's error": { errorAfter: 3 },
};

for (const [name, behaviour] of Object.entries(NOT_KEPT)) {
  Deno.test(`cache: an answer that is ${name} is not kept`, async () => {
    await using rig = await start(behaviour);
    await askToEnd(rig.app, question());
    const before = rig.upstream.chats().length;
    assert.equal((await askToEnd(rig.app, question())).cache, "miss");
    assert.ok(rig.upstream.chats().length > before);
  });
}

Deno.test("cache: a stopped answer is not kept", async () => {
  await using rig = await start({});
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, question());
  await rig.upstream.waitForChat(0);
  await rig.app.fetch(`/api/runs/${run.id}/cancel`, { method: "POST" });
  rig.upstream.release();
  const again = await askToEnd(rig.app, question());
  assert.equal(again.cache, "miss");
  assert.equal(again.outputText, TEXT);
});

/** Two runs of one question, some of whose answer has come. */
async function shareOne(
  rig: Awaited<ReturnType<typeof start>>,
): Promise<{ first: Run; second: Run }> {
  rig.upstream.hold();
  const threads = [await newThread(rig.app), await newThread(rig.app)];
  const { run: first } = await ask(rig.app, threads[0].id, question());
  rig.upstream.release(2);
  await waitFor(
    "some text of the first",
    async () => (await liveText(rig.app, first.id)) !== "",
  );
  const { run: second } = await ask(rig.app, threads[1].id, question());
  return { first, second };
}

/** What a follower that comes now is given at once. */
async function liveText(app: TestApp, runId: string): Promise<string> {
  const response = await app.fetch(`/api/runs/${runId}/events?poll=1`);
  const { events } = await response.json();
  return assemble(events ?? []);
}

Deno.test("flights: two runs with the same question share one call; the later one gets what there is at once", async () => {
  await using rig = await start({});
  const { first, second } = await shareOne(rig);
  assert.equal(first.cache, "miss");
  assert.equal(second.cache, "joined");
  const response = await rig.app.fetch(`/api/runs/${second.id}/events`);
  const events = readEvents(response.body!);
  assert.equal((await events.next()).value!.event, "start");
  assert.equal((await events.next()).value!.event, "chunk");
  await events.return();
  rig.upstream.release();
  for (const { id } of [first, second]) {
    const run = await endOf(rig.app, id);
    assert.equal(run.status, "completed");
    assert.equal(run.outputText, TEXT);
  }
  assert.equal(rig.upstream.chats().length, 1);
  const { run: third } = await askKept(rig.app, question());
  assert.equal(third.outputText, TEXT);
});

Deno.test("flights: one run pays, the other has saved it, and together they pay what the provider reported", async () => {
  await using rig = await start({});
  const { first, second } = await shareOne(rig);
  rig.upstream.release();
  const [paid, joined] = [
    await endOf(rig.app, first.id),
    await endOf(rig.app, second.id),
  ];
  assert.ok(paid.costMicroUsd! > 0);
  assert.equal(joined.costMicroUsd, 0);
  assert.deepEqual(joined.usage, paid.usage);
  const rows = await ledgerOf(rig.app);
  const tokens = rows.reduce((sum, row) => sum + row.outputTokens, 0);
  assert.equal(tokens, paid.usage!.outputTokens);
  const saved = rows.find(({ run }) => run === second.id);
  assert.equal(saved?.cache, "joined");
  assert.equal(saved?.savedMicroUsd, paid.costMicroUsd);
});

Deno.test("flights: stopping the run that began the call ends only that run", async () => {
  await using rig = await start({});
  const { first, second } = await shareOne(rig);
  await rig.app.fetch(`/api/runs/${first.id}/cancel`, { method: "POST" });
  assert.equal((await getRun(rig.app, first.id)).status, "cancelled");
  rig.upstream.release();
  const run = await endOf(rig.app, second.id);
  assert.equal(run.status, "completed");
  assert.equal(run.outputText, TEXT);
  assert.equal(rig.upstream.chats().length, 1);
  const rows = await ledgerOf(rig.app);
  const tokens = rows.reduce((sum, row) => sum + row.outputTokens, 0);
  assert.equal(tokens, run.usage!.outputTokens);
});

Deno.test("flights: stopping the run that joined ends only that run; stopping both closes the call", async () => {
  await using rig = await start({});
  const { first, second } = await shareOne(rig);
  await rig.app.fetch(`/api/runs/${second.id}/cancel`, { method: "POST" });
  assert.equal((await getRun(rig.app, second.id)).status, "cancelled");
  assert.equal((await getRun(rig.app, first.id)).status, "running");
  assert.equal(rig.upstream.chats()[0].closedAt, null);
  await rig.app.fetch(`/api/runs/${first.id}/cancel`, { method: "POST" });
  await rig.upstream.waitForHangUp(0);
});

Deno.test("flights: a call that fails ends both runs with the same error", async () => {
  await using rig = await start({ status: 400, headerDelayMs: 50 });
  const threads = [await newThread(rig.app), await newThread(rig.app)];
  const started = await Promise.all(
    threads.map(({ id }) => ask(rig.app, id, question())),
  );
  const ends = await Promise.all(
    started.map(({ run }) => endOf(rig.app, run.id)),
  );
  for (const { status, error } of ends) {
    assert.equal(status, "failed");
    assert.deepEqual(error, ends[0].error);
  }
});

Deno.test("flights: when a route's model breaks off, all runs of the call begin again, and share the next one's", async () => {
  const upstream = await startFakeUpstream({
    models: ["fake-1", "fake-2"],
    behaviours: {
      "fake-1": { text: TEXT, cutAfter: 4, ...USAGE },
      "fake-2": { text: "From the second", ...USAGE },
    },
  });
  await using app = await startApp({
    configFile: {
      providers: [{ id: "a", baseUrl: upstream.url, models: "discover" }],
      routes: [{
        id: "best",
        targets: [
          { provider: "a", model: "fake-1" },
          { provider: "a", model: "fake-2" },
        ],
      }],
    },
  });
  upstream.hold();
  const body = { ...question(), model: "best" };
  const threads = [await newThread(app), await newThread(app)];
  const runs = [];
  for (const { id } of threads) runs.push((await ask(app, id, body)).run);
  assert.deepEqual(runs.map(({ cache }) => cache), ["miss", "joined"]);
  upstream.release();
  for (const { id } of runs) {
    const run = await endOf(app, id);
    assert.equal(run.status, "completed");
    assert.equal(run.outputText, "From the second");
    assert.equal(run.epoch, 2);
  }
  assert.deepEqual(
    upstream.chats().map(({ body }) => body.model),
    ["fake-1", "fake-2"],
  );
  const { run: kept } = await askKept(app, body);
  assert.equal(kept.outputText, "From the second");
  await app.close();
  await upstream.close();
});

Deno.test("flights: a hundred runs of one question make one call", async () => {
  await using rig = await start({});
  rig.upstream.hold();
  const threads = await Promise.all(
    Array.from({ length: 100 }, () => newThread(rig.app)),
  );
  const started = await Promise.all(
    threads.map(({ id }) => ask(rig.app, id, question())),
  );
  rig.upstream.release();
  const ends = await Promise.all(
    started.map(({ run }) => endOf(rig.app, run.id)),
  );
  for (const { outputText } of ends) assert.equal(outputText, TEXT);
  assert.equal(rig.upstream.chats().length, 1);
  const paying = ends.filter(({ costMicroUsd }) => costMicroUsd !== 0);
  assert.equal(paying.length, 1);
});

async function purge(
  app: TestApp,
  body: unknown,
): Promise<{ status: number; removed?: number }> {
  const response = await app.post("/api/cache/purge", body);
  return { status: response.status, ...await response.json() };
}

Deno.test("/api/cache: lists what is kept, counts what was saved, and purges by key, model, age or all", async () => {
  await using rig = await start({});
  const { app } = rig;
  const contents = ["one", "two", "three"];
  for (const content of contents) await askToEnd(app, question(content));
  await askKept(app, question("one"));
  await app.services.answers.cache.idle();
  const report = await (await app.fetch("/api/cache")).json();
  assert.equal(report.outcomes.miss, 3);
  assert.equal(report.outcomes["hit-l1"], 1);
  assert.ok(report.savedMicroUsd > 0);
  assert.equal(report.inMemory.answers, 3);
  const page = async (query: string) =>
    await (await app.fetch(`/api/cache/answers${query}`)).json();
  const first = await page("?limit=2");
  assert.equal(first.items.length, 2);
  const second = await page(`?limit=2&cursor=${first.nextCursor}`);
  assert.equal(second.nextCursor, null);
  const items = [...first.items, ...second.items];
  assert.deepEqual(
    items.map(({ model }) => model),
    Array(3).fill("openai/fake-1"),
  );
  assert.equal(new Set(items.map(({ key }) => key)).size, 3);
  const [{ key }] = items;
  assert.equal((await purge(app, { key })).removed, 1);
  const rest = await page("");
  assert.equal(rest.items.length, 2);
  assert.equal((await purge(app, { model: "other" })).removed, 0);
  const [{ storedAt }] = rest.items;
  assert.equal((await purge(app, { storedBefore: storedAt })).removed, 1);
  assert.equal((await purge(app, { model: MODEL })).removed, 1);
  for (const content of contents) {
    const run = await askToEnd(app, question(content));
    assert.equal(run.cache, "miss");
  }
  await app.services.answers.cache.idle();
  assert.equal((await purge(app, { all: true })).removed, 3);
  assert.deepEqual((await page("")).items, []);
});

Deno.test("/api/cache: a purge that says nothing, or something wrong, is refused", async () => {
  await using rig = await start({});
  const bodies = [
    {},
    { all: false },
    { key: "x" },
    { model: "" },
    { storedBefore: "yesterday" },
    { age: 1 },
  ];
  for (const body of bodies) {
    assert.equal(
      (await purge(rig.app, body)).status,
      400,
      JSON.stringify(body),
    );
  }
  const response = await rig.app.fetch("/api/cache/answers?cursor=x");
  assert.equal(response.status, 400);
  await response.body?.cancel();
});
