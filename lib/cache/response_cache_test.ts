import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { TestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { CacheRig, openCacheStore } from "./testing/cache_rig.ts";
import { answer, finish, readAll, text } from "./testing/deltas.ts";

const never = () => new AbortController().signal;
/** Larger than what stands in a record. */
const LONG = Array.from({ length: 200 }, () => "0123456789".repeat(200));

/** What is kept for the workspace, newest first. */
const rowsOf = ({ answers }: CacheRig) =>
  answers.cache.page("wsp_1", null, 1_000, never());

/** Everything that the store has of the cache and of blobs. */
async function storedKeys({ calm }: TestStore): Promise<string[]> {
  const rows = await Array.fromAsync(
    list(calm, { start: [""], end: ["z"] }),
    ({ key }) => key.slice(0, 2).join(" "),
  );
  return rows.filter((name) => /\b(ca|ci|bl|bo)\b/.test(name));
}

Deno.test("ResponseCache: an answer comes from memory, and in another process from the store", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  const open = one.upstream.answering(answer("a", "b"));
  assert.deepEqual(await one.answer({ open }), { cache: "miss", text: "ab" });
  assert.deepEqual(await one.answer(), { cache: "hit-l1", text: "ab" });
  assert.deepEqual(await other.answer(), { cache: "hit-l2", text: "ab" });
  assert.deepEqual(await other.answer(), { cache: "hit-l1", text: "ab" });
  assert.equal(one.upstream.calls.length, 1);
  assert.equal(other.upstream.calls.length, 0);
});

Deno.test("ResponseCache: a long answer is stored in parts and comes back whole", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  await one.answer({ open: one.upstream.answering(answer(...LONG)) });
  const found = await other.answer();
  assert.equal(found.cache, "hit-l2");
  assert.equal(found.text, LONG.join(""));
  const stored = await storedKeys(test);
  assert.ok(stored.some((name) => name.startsWith("sys bl")));
  assert.ok(!stored.some((name) => name.startsWith("sys bo")));
});

Deno.test("ResponseCache: a missing part is a miss, and its record is removed", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  const open = one.upstream.answering(answer(...LONG));
  await one.answer({ open });
  const [part] = await Array.fromAsync(
    list(test.calm, { prefix: ["sys", "bl"] }, { limit: 1 }),
  );
  const unit = new UnitOfWork().guard(["sys", "x"], null, { v: 1 })
    .delete(part.key);
  await commit(test.calm, unit);
  const again = await other.answer({
    open: other.upstream.answering(answer("new")),
  });
  assert.deepEqual(again, { cache: "miss", text: "new" });
  const third = new CacheRig(test);
  assert.deepEqual(await third.answer(), { cache: "hit-l2", text: "new" });
});

Deno.test("ResponseCache: an answer expires in memory and in the store", async () => {
  using test = await openCacheStore();
  const one = new CacheRig(test, { ttlSeconds: 60 });
  await one.answer({ open: one.upstream.answering(answer("old")) });
  test.clock.advance(59_999);
  assert.equal((await one.answer()).cache, "hit-l1");
  assert.equal((await new CacheRig(test).answer()).cache, "hit-l2");
  test.clock.advance(1);
  const open = one.upstream.answering(answer("new"));
  assert.deepEqual(await one.answer({ open }), { cache: "miss", text: "new" });
  const other = new CacheRig(test);
  assert.deepEqual(await other.answer(), { cache: "hit-l2", text: "new" });
  const rows = await rowsOf(other);
  assert.equal(rows.length, 1);
});

Deno.test("ResponseCache: without memory the store alone keeps answers", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test, { l1Bytes: 0 });
  await rig.answer({ open: rig.upstream.answering(answer("a")) });
  assert.equal((await rig.answer()).cache, "hit-l2");
  assert.equal((await rig.answer()).cache, "hit-l2");
});

Deno.test("ResponseCache: memory stays within its bytes, those used last are in it", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test, { l1Bytes: 20_000 });
  const body = (content: string) => ({ messages: [content] });
  for (let number = 0; number < 20; number += 1) {
    const open = rig.upstream.answering(answer("x".repeat(4_000)));
    await rig.answer({ open, body: body(`${number}`) });
    assert.ok(rig.answers.report().inMemory.bytes <= 20_000);
  }
  assert.equal((await rig.answer({ body: body("19") })).cache, "hit-l1");
  assert.equal((await rig.answer({ body: body("0") })).cache, "hit-l2");
});

Deno.test("ResponseCache.grow: what is held together with an answer counts, and goes with it", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test, { l1Bytes: 20_000 });
  const { cache } = rig.answers;
  await rig.answer({ open: rig.upstream.answering(answer("a")) });
  const key = rig.answers.keyOf(rig.ask())!;
  const before = cache.inMemory.bytes;
  const hit = cache.peek(key)!;
  cache.grow(key.hash, hit.answer, 1_000);
  assert.equal(cache.inMemory.bytes, before + 1_000);
  cache.grow(key.hash, { ...hit.answer }, 1_000);
  assert.equal(cache.inMemory.bytes, before + 1_000, "of another answer");
  cache.grow(key.hash, hit.answer, 30_000);
  assert.deepEqual(cache.inMemory, { answers: 0, bytes: 0 });
});

const NOT_KEPT = {
  "cut by length": [text("a"), finish("length")],
  "filtered": [text("a"), finish("content_filter")],
  "cut by the budget": [text("a"), finish("budget")],
  "without an end": [text("a")],
  "empty": [finish()],
  "nothing but a greeting": [text(""), finish()],
  "cut in one of two choices": [text("a"), finish("length"), finish("stop")],
};

for (const [name, deltas] of Object.entries(NOT_KEPT)) {
  Deno.test(`ResponseCache: an answer that is ${name} is not kept`, async () => {
    using test = await openCacheStore();
    const rig = new CacheRig(test);
    await rig.answer({ open: rig.upstream.answering(deltas) });
    assert.deepEqual(await storedKeys(test), []);
    assert.equal(rig.answers.report().inMemory.answers, 0);
    const again = await rig.answer({ open: rig.upstream.answering(deltas) });
    assert.equal(again.cache, "miss");
  });
}

Deno.test("ResponseCache: a tool call that is whole is kept", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  const call = { index: 0, id: "call_1", function: { name: "f" } };
  const open = one.upstream.answering([
    { type: "tool", call },
    finish("tool_calls"),
  ]);
  await one.answer({ open });
  assert.equal((await other.answer()).cache, "hit-l2");
});

Deno.test("ResponseCache: a stream that broke or was stopped is not kept", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const opened = await rig.answers.open(rig.ask());
  const broken = readAll(opened.deltas);
  rig.upstream.calls[0].give(...answer("a"));
  rig.upstream.calls[0].break(new Error("broken"));
  await assert.rejects(broken, /broken/);
  const stop = new AbortController();
  const stopped = await rig.answers.open(rig.ask({ signal: stop.signal }));
  rig.upstream.calls[1].give(...answer("a"));
  await stopped.deltas.next();
  stop.abort(new Error("stopped"));
  await assert.rejects(stopped.deltas.next(), /stopped/);
  rig.upstream.calls[1].end();
  await rig.answers.cache.idle();
  assert.deepEqual(await storedKeys(test), []);
});

Deno.test("ResponseCache: a store that is silent costs a lookup half a second, no more", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  test.faults.scriptReads("hang", "hang");
  const open = rig.upstream.answering(answer("a"));
  const began = test.clock.monotonic();
  const answered = await test.drive(rig.answer({ open }));
  assert.equal(answered.text, "a");
  assert.ok(test.clock.monotonic() - began <= 1_000);
});

Deno.test("ResponseCache: while the store has more to do, answers are kept in memory only", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  rig.isPressed = true;
  await rig.answer({ open: rig.upstream.answering(answer("a")) });
  assert.equal((await rig.answer()).cache, "hit-l1");
  assert.deepEqual(await storedKeys(test), []);
  assert.equal(rig.answers.report().notStored, 1);
});

Deno.test("ResponseCache: a write that the store refuses is told and harms nobody", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  test.faults.script("refuse");
  const open = rig.upstream.answering(answer("a"));
  assert.equal((await rig.answer({ open })).text, "a");
  assert.equal(rig.warnings.length, 1);
});

Deno.test("ResponseCache: of two processes that store one answer the first wins", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  await Promise.all([
    one.answer({ open: one.upstream.answering(answer("one")) }),
    other.answer({ open: other.upstream.answering(answer("other")) }),
  ]);
  const rows = await rowsOf(one);
  assert.equal(rows.length, 1);
  assert.equal((await new CacheRig(test).answer()).cache, "hit-l2");
});

async function fill(rig: CacheRig, models: string[]): Promise<void> {
  for (const target of models) {
    const open = rig.upstream.answering(answer(target));
    const served = { provider: "a", model: target.replace("a/", "") };
    await rig.answer({
      target,
      open: (signal, tell) => {
        const call = open(signal, () => {});
        tell(served);
        return call;
      },
    });
  }
}

const PURGES = {
  "everything": { purge: {}, left: [] },
  "a model by its full name": {
    purge: { model: "a/m2" },
    left: ["a/m1", "best"],
  },
  "a model by its provider's name": {
    purge: { model: "m1" },
    left: ["a/m2", "best"],
  },
  "a route": { purge: { model: "best" }, left: ["a/m1", "a/m2"] },
};

for (const [name, { purge, left }] of Object.entries(PURGES)) {
  Deno.test(`ResponseCache.purge: ${name}, in memory, in the store and in other processes`, async () => {
    using test = await openCacheStore();
    const [one, other] = [new CacheRig(test), new CacheRig(test)];
    const models = ["a/m1", "a/m2", "best"];
    await fill(one, models);
    for (const target of models) await other.answer({ target });
    const removed = await one.answers.cache.purge("wsp_1", purge, never());
    assert.equal(removed, models.length - left.length);
    test.clock.advance(1_000);
    for (const rig of [one, other, new CacheRig(test)]) {
      const found: string[] = [];
      for (const target of models) {
        const key = rig.answers.keyOf(rig.ask({ target }))!;
        const hit = await rig.answers.cache.lookUp(key, never());
        if (hit !== null) found.push(target);
      }
      assert.deepEqual(found, left);
    }
  });
}

Deno.test("ResponseCache.purge: by key and by age", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const models = ["a/m1", "a/m2", "a/m3", "a/m4"];
  for (const model of models) {
    await fill(rig, [model]);
    test.clock.advance(10);
  }
  const { cache } = rig.answers;
  const names = async () => (await rowsOf(rig)).map(({ target }) => target);
  const { hash } = rig.answers.keyOf(rig.ask({ target: "a/m3" }))!;
  assert.equal(await cache.purge("wsp_1", { hash }, never()), 1);
  assert.deepEqual(await names(), ["a/m4", "a/m2", "a/m1"]);
  const storedBeforeMs = test.clock.now() - 30;
  assert.equal(await cache.purge("wsp_1", { storedBeforeMs }, never()), 1);
  assert.deepEqual(await names(), ["a/m4", "a/m2"]);
});

Deno.test("ResponseCache.purge: removes the parts of long answers, of other workspaces nothing", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  await rig.answer({ open: rig.upstream.answering(answer(...LONG)) });
  const subject = { workspace: "wsp_2", user: null, key: null };
  await rig.answer({ subject, open: rig.upstream.answering(answer("b")) });
  await rig.answers.cache.purge("wsp_1", {}, never());
  assert.deepEqual((await storedKeys(test)).sort(), ["wsp_2 ca", "wsp_2 ci"]);
  assert.equal((await rig.answer({ subject })).cache, "hit-l1");
});

Deno.test("ResponseCache.purge: more answers than one commit takes", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  for (let number = 0; number < 230; number += 1) {
    const open = rig.upstream.answering(answer("a"));
    await rig.answer({ open, body: { messages: [number] } });
  }
  assert.equal(await rig.answers.cache.purge("wsp_1", {}, never()), 230);
  assert.deepEqual(await storedKeys(test), []);
});

Deno.test("ResponseCache.purge: an answer that was asked for before is not kept after", async () => {
  using test = await openCacheStore();
  const [one, other] = [new CacheRig(test), new CacheRig(test)];
  const asked = await one.answers.open(one.ask());
  const askedThere = await other.answers.open(other.ask());
  await one.answers.cache.purge("wsp_1", {}, never());
  for (const [rig, opened] of [[one, asked], [other, askedThere]] as const) {
    rig.upstream.calls[0].give(...answer("old"));
    rig.upstream.calls[0].end();
    while (!(await opened.deltas.next()).done);
    await rig.answers.cache.idle();
  }
  assert.deepEqual(await storedKeys(test), []);
  test.clock.advance(1_000);
  for (const rig of [one, other]) {
    const key = rig.answers.keyOf(rig.ask())!;
    assert.equal(await rig.answers.cache.lookUp(key, never()), null);
  }
});

Deno.test("ResponseCache: survives every fault of the store", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    using test = await openCacheStore();
    const [one, other] = [new CacheRig(test), new CacheRig(test)];
    test.faults.randomly(seed, 0.3);
    for (const rig of [one, other, one, other]) {
      const open = rig.upstream.answering(answer("a", "b"));
      const { text } = await test.drive(rig.answer({ open }));
      assert.equal(text, "ab", `seed ${seed}`);
    }
    test.faults.heal();
    const record = await get<{ v: number }>(
      test.calm,
      keys.keptAnswerKey("wsp_1", one.answers.keyOf(one.ask())!.hash),
    );
    const rows = await rowsOf(one);
    assert.equal(rows.length, record.value === null ? 0 : 1, `seed ${seed}`);
  }
});
