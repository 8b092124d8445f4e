/** Titles over a real store, a real lane, real providers and a fake upstream. */
import assert from "node:assert/strict";
import type { PriceSettings, TitleSettings } from "@/lib/config/file.ts";
import { commit } from "@/lib/kv/commit.ts";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { StoredValue } from "@/lib/kv/store.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { createLogger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import { encodeLedgerRow, type LedgerRow } from "@/lib/usage/ledger_row.ts";
import { Ledger } from "@/lib/usage/ledger_store.ts";
import {
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";
import { waitFor } from "@/tests/support/wait.ts";
import type { MessageRecord, RunRecord, ThreadRecord } from "./records.ts";
import { ThreadStore } from "./thread_store.ts";
import { TitleStore } from "./title_store.ts";
import { Titles } from "./titles.ts";

const WORKSPACE = "wsp_test";
const FIRST_LINE = "how do i bake bread";
const TIME = "2026-03-01T12:00:00.000Z";
const DAY_MS = 86_400_000;
const CLOSE_DEADLINE_MS = 10_000;

interface RigOptions extends FakeUpstreamOptions {
  settings?: Partial<TitleSettings>;
  prices?: PriceSettings[];
  deadlineMs?: number;
}

interface Exchange {
  thread?: Partial<ThreadRecord>;
  run?: Partial<RunRecord>;
  answerText?: string;
}

/** Everything that titles need, and a thread of one question and its answer on demand. */
async function openRig(
  { settings, prices = [], deadlineMs, ...upstreamOptions }: RigOptions = {},
) {
  const test = await openTestStore();
  const { store } = test;
  const { id: owner, lane } = await startIncarnation(store);
  const upstream = await startFakeUpstream({
    models: ["m1", "m2"],
    behaviour: { text: '"Baking Bread at Home"', usage: "own" },
    ...upstreamOptions,
  });
  const models = new ModelRegistry({
    providers: [{
      id: "a",
      baseUrl: upstream.url,
      apiKey: null,
      models: ["m1", "m2"],
      maxConnections: 10,
    }],
    defaultProvider: null,
    random: () => 0,
  });
  const logLines: string[] = [];
  const titles = new Titles({
    store: new TitleStore(store, new ThreadStore(store, () => owner)),
    models,
    prices: new PriceList(prices),
    settings: { enabled: true, model: null, ...settings },
    recordUsage: (space, row) =>
      lane.write({
        ledger: [{ space, row: encodeLedgerRow(row), request: null }],
        urgency: "now",
      }),
    log: createLogger({
      write: (line) => logLines.push(line),
      format: "json",
      level: "debug",
    }),
    deadlineMs,
  });
  const write = async (key: Deno.KvKey, value: StoredValue) => {
    const { versionstamp } = await get(store, key);
    const unit = new UnitOfWork().guard(key, versionstamp, value);
    assert.ok((await commit(store, unit)).ok);
  };
  const addExchange = async (
    threadId: string,
    parentId: string | null,
    { run: changes, answerText = "Mix flour and water." }: Exchange = {},
  ) => {
    const run: RunRecord = {
      v: 1,
      id: newId("run"),
      threadId,
      questionId: newId("msg"),
      messageId: newId("msg"),
      status: "completed",
      epoch: 1,
      owner,
      model: "a/m1",
      provider: "a",
      finishReason: "stop",
      usage: null,
      error: null,
      endSeq: 1,
      createdAt: TIME,
      startedAt: TIME,
      finishedAt: TIME,
      ...changes,
    };
    const message: MessageRecord = {
      v: 1,
      id: run.questionId,
      threadId,
      parentId,
      role: "user",
      text: { inline: `${FIRST_LINE}?` },
      status: "complete",
      runId: null,
      model: null,
      usage: null,
      error: null,
      createdAt: TIME,
    };
    const answer: MessageRecord = {
      ...message,
      id: run.messageId,
      parentId: run.questionId,
      role: "assistant",
      text: { inline: answerText },
      status: run.status === "completed" ? "complete" : "failed",
      runId: run.id,
    };
    for (const each of [message, answer]) {
      await write(keys.messageKey(WORKSPACE, threadId, each.id), each);
    }
    await write(keys.runKey(WORKSPACE, run.id), run);
    return run;
  };
  const addThread = async (exchange: Exchange = {}) => {
    const record: ThreadRecord = {
      v: 1,
      id: newId("thr"),
      title: FIRST_LINE,
      titleSource: "auto",
      model: null,
      createdAt: TIME,
      version: 2,
      ...exchange.thread,
    };
    await write(keys.threadKey(WORKSPACE, record.id), record);
    const run = await addExchange(record.id, null, exchange);
    return { id: record.id, run };
  };
  const read = async (threadId: string) =>
    (await get<ThreadRecord>(store, keys.threadKey(WORKSPACE, threadId)))
      .value!;
  return {
    upstream,
    titles,
    logLines,
    store,
    faults: test.faults,
    drive: test.drive,
    addThread,
    addExchange,
    read,
    change: async (threadId: string, changes: Partial<ThreadRecord>) => {
      const record = await read(threadId);
      await write(keys.threadKey(WORKSPACE, threadId), {
        ...record,
        ...changes,
        version: record.version + 1,
      });
    },
    rows: async (): Promise<LedgerRow[]> => {
      const now = store.clock.now();
      const signal = AbortSignal.timeout(10_000);
      return await Array.fromAsync(
        new Ledger(store).rows(WORKSPACE, now - DAY_MS, now + DAY_MS, signal),
      );
    },
    async [Symbol.asyncDispose]() {
      await titles.close(CLOSE_DEADLINE_MS);
      models.close();
      await upstream.close();
      test[Symbol.dispose]();
    },
  };
}

type Rig = Awaited<ReturnType<typeof openRig>>;

/** Adds a thread, tells of its answer and gives the thread as it is then. */
async function title(rig: Rig, exchange?: Exchange): Promise<ThreadRecord> {
  const { id, run } = await rig.addThread(exchange);
  await rig.titles.afterAnswer(WORKSPACE, id, run.id);
  return await rig.read(id);
}

Deno.test("Titles.afterAnswer: a model names the thread after its first answer", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  await rig.titles.afterAnswer(WORKSPACE, id, run.id);
  const thread = await rig.read(id);
  assert.equal(thread.title, "Baking Bread at Home");
  assert.equal(thread.titleSource, "auto");
  assert.equal(thread.titledBy, run.id);
  assert.equal(thread.version, 3);
});

Deno.test("Titles.afterAnswer: asks briefly, with question and answer", async () => {
  await using rig = await openRig();
  await title(rig, { answerText: `Mix ${"x".repeat(9_000)} end` });
  const [{ body }] = rig.upstream.chats();
  assert.equal(body.model, "m1");
  assert.equal(body.max_tokens, 32);
  assert.equal(body.temperature, 0.2);
  assert.equal(body.retries, undefined);
  const asked = body.messages[1].content;
  assert.ok(asked.includes(`${FIRST_LINE}?`));
  assert.ok(asked.includes("Mix x"));
  assert.ok(!asked.includes(" end"));
});

Deno.test("Titles.afterAnswer: tells of the new title in the same atomic", async () => {
  await using rig = await openRig();
  const { id } = await title(rig);
  const rows = list<EnvelopeRecord>(
    rig.store,
    keys.eventsAfter(WORKSPACE, null),
  );
  const events = (await Array.fromAsync(rows)).flatMap(({ value }) => value.ev);
  assert.deepEqual(
    events.map(({ type, subject, data }) => [type, subject, data]),
    [["thread.updated", id, { fields: ["title"] }]],
  );
});

Deno.test("Titles.afterAnswer: writes one ledger row, priced by its own model", async () => {
  await using rig = await openRig({
    prices: [
      {
        model: "m1",
        from: "2020-01-01",
        inputPerMillionUsd: "50",
        outputPerMillionUsd: "50",
      },
      {
        model: "m2",
        from: "2020-01-01",
        inputPerMillionUsd: "3",
        outputPerMillionUsd: "7",
      },
    ],
  });
  const { id, titledBy } = await title(rig);
  const [row, ...others] = await rig.rows();
  assert.deepEqual(others, []);
  assert.equal(row.source, "title");
  assert.equal(row.status, "completed");
  assert.equal(row.thread, id);
  assert.equal(row.model, "a/m2");
  assert.equal(row.provider, "a");
  assert.equal(row.epoch, 1);
  assert.notEqual(row.run, titledBy);
  assert.equal(row.estimated, false);
  assert.ok(row.inputTokens > 0 && row.outputTokens > 0);
  assert.equal(row.costMicroUsd, 3 * row.inputTokens + 7 * row.outputTokens);
});

Deno.test("Titles.afterAnswer: without usage or price the row is an estimate without cost", async () => {
  await using rig = await openRig({
    behaviour: { text: "Bread", usage: "none" },
  });
  await title(rig);
  const [row] = await rig.rows();
  assert.equal(row.estimated, true);
  assert.ok(row.inputTokens > 0);
  assert.equal(row.outputTokens, 2);
  assert.equal(row.costMicroUsd, null);
});

Deno.test("Titles.afterAnswer: the model of the settings makes the title", async () => {
  await using rig = await openRig({ settings: { model: "a/m2" } });
  await title(rig);
  assert.equal(rig.upstream.chats()[0].body.model, "m2");
});

Deno.test("Titles.afterAnswer: told twice, it asks once", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  const tell = () => rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await Promise.all([tell(), tell(), tell()]);
  await tell();
  assert.equal(rig.upstream.chats().length, 1);
  assert.equal((await rig.read(id)).version, 3);
});

const UNWANTED: [what: string, exchange: Exchange, options?: RigOptions][] = [
  ["a thread that its owner named", { thread: { titleSource: "user" } }],
  ["a thread that a model named", { thread: { titledBy: "run_before" } }],
  ["a temporary thread", { thread: { temporary: true } }],
  ["a deleted thread", { thread: { deletedAt: TIME } }],
  ["an answer of the demo", { run: { provider: "freshet" } }],
  ["an answer that was stopped", { run: { status: "cancelled" } }],
  ["an answer that failed", { run: { status: "failed" } }],
  ["a run of another thread", { run: { threadId: newId("thr") } }],
  ["titles that are off", {}, { settings: { enabled: false } }],
];

for (const [what, exchange, options] of UNWANTED) {
  Deno.test(`Titles.afterAnswer: asks nobody for ${what}`, async () => {
    await using rig = await openRig(options);
    assert.equal((await title(rig, exchange)).title, FIRST_LINE);
    assert.deepEqual(rig.upstream.chats(), []);
    assert.deepEqual(await rig.rows(), []);
  });
}

Deno.test("Titles.afterAnswer: asks nobody for a thread or a run that is not there", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  await rig.titles.afterAnswer(WORKSPACE, id, newId("run"));
  await rig.titles.afterAnswer(WORKSPACE, newId("thr"), run.id);
  await rig.titles.afterAnswer("wsp_other", id, run.id);
  assert.deepEqual(rig.upstream.chats(), []);
});

Deno.test("Titles.afterAnswer: the second answer of a thread makes no title", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  const second = await rig.addExchange(id, run.messageId);
  await rig.titles.afterAnswer(WORKSPACE, id, second.id);
  assert.deepEqual(rig.upstream.chats(), []);
});

Deno.test("Titles.afterAnswer: an answer after one that failed is the first", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread({ run: { status: "failed" } });
  const second = await rig.addExchange(id, run.messageId);
  await rig.titles.afterAnswer(WORKSPACE, id, second.id);
  assert.equal((await rig.read(id)).titledBy, second.id);
});

Deno.test("Titles.afterAnswer: what its owner calls the thread meanwhile stays, and the title is billed", async () => {
  await using rig = await openRig();
  rig.upstream.hold();
  const { id, run } = await rig.addThread();
  const made = rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await rig.upstream.waitForChat(0);
  await rig.change(id, { title: "My bread", titleSource: "user" });
  rig.upstream.release();
  await made;
  const thread = await rig.read(id);
  assert.equal(thread.title, "My bread");
  assert.equal(thread.version, 3);
  assert.equal((await rig.rows()).length, 1);
});

Deno.test("Titles.afterAnswer: another change of the thread meanwhile is kept beside the title", async () => {
  await using rig = await openRig();
  rig.upstream.hold();
  const { id, run } = await rig.addThread();
  const made = rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await rig.upstream.waitForChat(0);
  await rig.change(id, { pinned: true });
  rig.upstream.release();
  await made;
  const thread = await rig.read(id);
  assert.equal(thread.title, "Baking Bread at Home");
  assert.equal(thread.pinned, true);
  assert.equal(thread.version, 4);
});

Deno.test("Titles.afterAnswer: a thread deleted meanwhile stays as it was", async () => {
  await using rig = await openRig();
  rig.upstream.hold();
  const { id, run } = await rig.addThread();
  const made = rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await rig.upstream.waitForChat(0);
  await rig.change(id, { deletedAt: TIME });
  rig.upstream.release();
  await made;
  assert.equal((await rig.read(id)).title, FIRST_LINE);
});

Deno.test("Titles.afterAnswer: a provider that fails leaves the first line, and is asked twice at most", async () => {
  await using rig = await openRig({ behaviour: { status: 500 } });
  const { title: kept } = await title(rig);
  assert.equal(kept, FIRST_LINE);
  assert.equal(rig.upstream.chats().length, 2);
  const [row, ...others] = await rig.rows();
  assert.deepEqual(others, []);
  assert.equal(row.status, "failed");
  assert.equal(row.error, "provider_unavailable");
  assert.deepEqual([row.inputTokens, row.outputTokens], [0, 0]);
  assert.equal(row.firstTokenMs, null);
  assert.ok(rig.logLines.every((line) => JSON.parse(line).level === "debug"));
  assert.match(rig.logLines.join("\n"), /Model gave no title/);
});

Deno.test("Titles.afterAnswer: an answer without a title in it keeps the first line", async () => {
  await using rig = await openRig({ behaviour: { text: '**""**' } });
  assert.equal((await title(rig)).title, FIRST_LINE);
  assert.equal(rig.upstream.chats().length, 2);
});

Deno.test("Titles.afterAnswer: a model that thinks aloud gets the room for it, the next time at once", async () => {
  await using rig = await openRig();
  rig.upstream.next(
    { text: "<think>The user asks about", finishReason: "length" },
    { text: "<think>Bread.</think>\nBaking bread" },
    { text: "Baking cake" },
  );
  assert.equal((await title(rig)).title, "Baking bread");
  assert.equal((await title(rig)).title, "Baking cake");
  assert.deepEqual(
    rig.upstream.chats().map(({ body }) => body.max_tokens),
    [32, 1_024, 1_024],
  );
  assert.deepEqual((await rig.rows()).map(({ epoch }) => epoch), [1, 2, 1]);
});

Deno.test("Titles.afterAnswer: a model that refuses max_tokens is asked as thinking models are, the next time at once", async () => {
  await using rig = await openRig();
  const error = {
    message:
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    type: "invalid_request_error",
    param: "max_tokens",
    code: "unsupported_parameter",
  };
  rig.upstream.next({ status: 400, error });
  assert.equal((await title(rig)).title, "Baking Bread at Home");
  assert.equal((await title(rig)).title, "Baking Bread at Home");
  const bodies = rig.upstream.chats().map(({ body }) => body);
  assert.deepEqual(
    bodies.map((body) => [body.max_tokens, body.max_completion_tokens]),
    [[32, undefined], [undefined, 1_024], [undefined, 1_024]],
  );
  assert.equal(bodies[1].temperature, undefined);
  assert.deepEqual(
    (await rig.rows()).map(({ status, error }) => [status, error]),
    [["failed", "provider_refused"], ["completed", null], ["completed", null]],
  );
});

Deno.test("Titles.afterAnswer: a model that does not stop is hung up on", async () => {
  await using rig = await openRig({
    behaviour: { text: "Bread ".repeat(50_000), burst: 100 },
  });
  const { title: made } = await title(rig);
  assert.match(made, /^Bread( Bread)*…$/);
  await rig.upstream.waitForHangUp(0);
});

Deno.test("Titles.afterAnswer: a provider that is silent is left after the deadline", async () => {
  await using rig = await openRig({
    behaviour: { neverAnswers: true },
    deadlineMs: 50,
  });
  assert.equal((await title(rig)).title, FIRST_LINE);
  await rig.upstream.waitForHangUp(0);
  const [row] = await rig.rows();
  assert.deepEqual([row.status, row.error], ["failed", "provider_timeout"]);
  assert.ok(row.inputTokens > 0, "the prompt may have been billed");
});

Deno.test("Titles.afterAnswer: two titles are made at once, the others in their turn", async () => {
  await using rig = await openRig();
  rig.upstream.hold();
  const threads = [];
  for (let index = 0; index < 5; index += 1) {
    threads.push(await rig.addThread());
  }
  const made = Promise.all(
    threads.map(({ id, run }) => rig.titles.afterAnswer(WORKSPACE, id, run.id)),
  );
  let mostOpen = 0;
  const open = () =>
    rig.upstream.chats().filter(({ finished, hungUp }) => !finished && !hungUp)
      .length;
  await waitFor("two requests", () => open() === 2);
  const watch = setInterval(() => mostOpen = Math.max(mostOpen, open()), 1);
  rig.upstream.release();
  await made;
  clearInterval(watch);
  assert.ok(mostOpen <= 2, `${mostOpen} were open at once`);
  for (const { id } of threads) {
    assert.equal((await rig.read(id)).title, "Baking Bread at Home");
  }
});

Deno.test("Titles.close: ends what is being made, records it as interrupted and begins nothing more", async () => {
  await using rig = await openRig();
  rig.upstream.hold();
  const { id, run } = await rig.addThread();
  const made = rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await rig.upstream.waitForChat(0);
  await rig.titles.close(CLOSE_DEADLINE_MS);
  await made;
  await rig.upstream.waitForHangUp(0);
  await title(rig);
  assert.equal(rig.upstream.chats().length, 1);
  assert.deepEqual(
    (await rig.rows()).map(({ status, error }) => [status, error]),
    [["interrupted", null]],
  );
  assert.equal((await rig.read(id)).title, FIRST_LINE);
});

Deno.test("Titles.afterAnswer: never rejects when the store fails", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  rig.faults.scriptReads("fail");
  await rig.titles.afterAnswer(WORKSPACE, id, run.id);
  assert.match(rig.logLines.join("\n"), /Title could not be made/);
});

for (const fault of ["loseAck", "twice", "deny", "drop"] as const) {
  Deno.test(`Titles.afterAnswer: a commit that suffers "${fault}" counts once`, async () => {
    await using rig = await openRig();
    const { id, run } = await rig.addThread();
    // The ledger row goes first.
    rig.faults.script(null, fault);
    await rig.drive(rig.titles.afterAnswer(WORKSPACE, id, run.id));
    const { title, version } = await rig.read(id);
    assert.deepEqual([title, version], ["Baking Bread at Home", 3]);
  });
}

Deno.test("Titles.close: does not wait longer than told for a store that is silent", async () => {
  await using rig = await openRig();
  const { id, run } = await rig.addThread();
  rig.faults.script("hang");
  const made = rig.titles.afterAnswer(WORKSPACE, id, run.id);
  await waitFor("the answer", () => rig.upstream.chats()[0]?.finished);
  await rig.titles.close(20);
  assert.deepEqual(await rig.rows(), []);
  await rig.drive(made);
  assert.equal((await rig.rows()).length, 1);
});
