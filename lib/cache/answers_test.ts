import assert from "node:assert/strict";
import { CacheRig, openCacheStore } from "./testing/cache_rig.ts";
import {
  answer,
  finish,
  readAll,
  text,
  textOf,
  USAGE,
  usage,
} from "./testing/deltas.ts";

const FREE = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
/** What `USAGE` costs: 10 tokens in at 1, 7 out at 3 micro-dollars. */
const COST_MICRO_USD = 31;

Deno.test("Answers.open: bypass neither takes, joins nor keeps an answer", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  await rig.answer({ open: rig.upstream.answering(answer("kept")) });
  const open = rig.upstream.answering(answer("new"));
  assert.deepEqual(
    await rig.answer({ wish: "bypass", open }),
    { cache: "bypass", text: "new" },
  );
  assert.equal((await rig.answer()).text, "kept");
  const body = { messages: ["other"] };
  await rig.answers.open(rig.ask({ body, wish: "bypass" }));
  const second = await rig.answers.open(rig.ask({ body }));
  assert.equal(second.cache, "miss");
});

Deno.test("Answers.open: only takes what is kept and never calls the provider", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  await assert.rejects(rig.answer({ wish: "only" }), {
    status: 504,
    code: "cache_miss",
    retryable: false,
  });
  const running = await rig.answers.open(rig.ask());
  await assert.rejects(rig.answer({ wish: "only" }), { code: "cache_miss" });
  rig.upstream.calls[0].give(...answer("a"));
  rig.upstream.calls[0].end();
  await readAll(running.deltas);
  assert.deepEqual(await rig.answer({ wish: "only" }), {
    cache: "hit-l1",
    text: "a",
  });
  assert.equal(rig.upstream.calls.length, 1);
  assert.equal(rig.answers.report().refused, 2);
});

Deno.test("Answers.open: what the policy leaves out is neither kept nor shared", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test, { policy: "deterministic" });
  const asks = [rig.ask(), rig.ask()];
  const opened = await Promise.all(asks.map((ask) => rig.answers.open(ask)));
  assert.deepEqual(opened.map(({ cache }) => cache), ["bypass", "bypass"]);
  assert.equal(rig.upstream.calls.length, 2);
  await assert.rejects(rig.answer({ wish: "only" }), { code: "cache_miss" });
});

Deno.test("Answers.open: of many that ask at once one calls and the others join", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const opened = await Promise.all(
    Array.from({ length: 50 }, () => rig.answers.open(rig.ask())),
  );
  const reads = opened.map(({ deltas }) => readAll(deltas));
  rig.upstream.calls[0].give(...answer("a", "b"));
  rig.upstream.calls[0].end();
  for (const deltas of await Promise.all(reads)) {
    assert.equal(textOf(deltas), "ab");
  }
  const { outcomes } = rig.answers.report();
  assert.equal(outcomes.miss, 1);
  assert.equal(outcomes.joined, 49);
});

Deno.test("Answers.open: the provider's own texts are kept in the form chunks only", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const deltas = answer("a").map((delta) => ({ ...delta, raw: "{}" }));
  for (const form of ["chat", "chunks"] as const) {
    await rig.answer({ form, open: rig.upstream.answering(deltas) });
    const opened = await rig.answers.open(rig.ask({ form }));
    assert.equal(opened.cache, "hit-l1");
    const raws = (await readAll(opened.deltas)).map(({ raw }) => raw);
    const raw = form === "chat" ? undefined : "{}";
    assert.deepEqual(raws, [raw, raw, raw]);
  }
});

Deno.test("Answers: a kept answer is paid by nobody and counted as saved", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  await rig.answer({ open: rig.upstream.answering(answer("a")) });
  const opened = await rig.answers.open(rig.ask());
  await readAll(opened.deltas);
  assert.deepEqual(opened.settle(USAGE), {
    paid: FREE,
    savedMicroUsd: COST_MICRO_USD,
  });
  assert.deepEqual(opened.served(), { provider: "a", model: "m1" });
  const { savedInputTokens, savedOutputTokens, savedMicroUsd } = rig.answers
    .report();
  assert.deepEqual(
    { savedInputTokens, savedOutputTokens, savedMicroUsd },
    {
      savedInputTokens: USAGE.inputTokens,
      savedOutputTokens: USAGE.outputTokens,
      savedMicroUsd: COST_MICRO_USD,
    },
  );
});

Deno.test("Answers: who joins pays nothing and has saved what it used", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const first = await rig.answers.open(rig.ask());
  const joined = await rig.answers.open(rig.ask());
  const reads = [first, joined].map(({ deltas }) => readAll(deltas));
  rig.upstream.calls[0].give(...answer("a"));
  rig.upstream.calls[0].end();
  await Promise.all(reads);
  assert.deepEqual(first.settle(USAGE), { paid: USAGE, savedMicroUsd: 0 });
  assert.deepEqual(joined.settle(USAGE), {
    paid: FREE,
    savedMicroUsd: COST_MICRO_USD,
  });
});

Deno.test("Answers: an answer whose provider reported no usage is kept and saves nothing that is known", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const open = rig.upstream.answering([text("a"), finish()]);
  await rig.answer({ open });
  const opened = await rig.answers.open(rig.ask());
  assert.equal(opened.cache, "hit-l1");
  await readAll(opened.deltas);
  assert.equal(opened.settle(USAGE).savedMicroUsd, 0);
});

Deno.test("Answers: counts beyond all reason do no harm", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const huge = { ...USAGE, outputTokens: Number.MAX_SAFE_INTEGER };
  const deltas = [text("a"), finish(), usage(huge)];
  await rig.answer({ open: rig.upstream.answering(deltas) });
  assert.equal((await rig.answer()).cache, "hit-l1");
  assert.equal(rig.answers.report().savedMicroUsd, 0);
});

Deno.test("Answers.take: a replay gives the event loop its turn, and ends when its run is stopped", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const pieces = Array.from({ length: 5_000 }, () => "x");
  await rig.answer({ open: rig.upstream.answering(answer(...pieces)) });
  const stop = new AbortController();
  const opened = await rig.answers.open(rig.ask({ signal: stop.signal }));
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  let read = 0;
  while (read < 2_000 && !(await opened.deltas.next()).done) read += 1;
  isOver = true;
  assert.ok(turns >= 20, `only ${turns} turns`);
  stop.abort(new Error("stopped"));
  await assert.rejects(opened.deltas.next(), /stopped/);
});

Deno.test("Answers.open: the steps of a lookup are told, with what came of them", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const told: string[] = [];
  const stages = {
    begin: (name: string) => ({ name }),
    end: (stage: object, outcome: string) => {
      told.push(`${(stage as { name: string }).name} ${outcome}`);
    },
  };
  const first = await rig.answers.open(rig.ask({ stages }));
  await rig.answers.open(rig.ask({ stages }));
  rig.upstream.calls[0].give(...answer("a"));
  rig.upstream.calls[0].end();
  await readAll(first.deltas);
  await rig.answers.open(rig.ask({ stages }));
  await rig.answers.cache.idle();
  await new CacheRig(test).answers.open(rig.ask({ stages }));
  assert.deepEqual(told, [
    "cache.l1 miss",
    "cache.l2 miss",
    "cache.l1 joined",
    "cache.l1 hit",
    "cache.l1 miss",
    "cache.l2 hit",
  ]);
});
