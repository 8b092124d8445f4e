/** Sums that were damaged, or never made, are found, and come out as the ledger has them. */
import assert from "node:assert/strict";
import { fence } from "@/lib/kv/fence.ts";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { commit } from "@/lib/kv/commit.ts";
import { list } from "@/lib/kv/reads.ts";
import { writeLedgerRow } from "./ledger_store.ts";
import { randomRow } from "./testing/random_row.ts";
import { UsageCheck } from "./usage_check.ts";
import { UsageFold } from "./usage_fold.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./usage_grains.ts";
import { UsageLanes } from "./usage_lanes_store.ts";
import { UsageQuery } from "./usage_query.ts";
import { UsageRollup } from "./usage_rollup.ts";
import { UsageStore } from "./usage_store.ts";

const SPACE = "wsp_a";
const { signal } = new AbortController();

/** Three days of a process that has ended. */
async function openHistory({ isFolded = true } = {}) {
  const test = await openTestStore();
  const { clock, store } = test;
  const random = seededRandom(3);
  const incarnation = await test.drive(startIncarnation(store));
  const owner = { incarnation, subscribe: () => () => {} } as never;
  const fold = new UsageFold({ owner, clock, log: silentLogger() });
  if (isFolded) fold.start();
  const usage = new UsageStore(store);
  const rollup = new UsageRollup({ store: usage, owner });
  for (let number = 0; number < 60; number += 1) {
    clock.advance(3 * DAY_MS / 60);
    const row = randomRow(number, random);
    await test.drive(writeLedgerRow(incarnation.lane, SPACE, row));
    await test.drive(fold.flush());
    await test.drive(rollup.sumUp(signal));
  }
  await test.drive(fold.close());
  await test.drive(incarnation.lane.drain(1_000));
  await test.drive(fence(store, incarnation.id));
  const check = new UsageCheck({
    store: usage,
    lanes: new UsageLanes(store),
    owner: () => "inc_other",
    log: silentLogger(),
  });
  const query = new UsageQuery({
    store: usage,
    groupsOf: () => Promise.resolve(() => []),
  });
  /** Requests of the last four days, as pages are told. */
  const told = async () => {
    clock.advance(1_000);
    const toMs = clock.now();
    const report = await test.drive(query.ask(SPACE, {
      fromMs: toMs - 4 * DAY_MS,
      toMs,
      bucket: "hour",
      timeZone: "Asia/Kathmandu",
      groupBy: "user",
      filters: {},
      series: 3,
    }, signal));
    return report.totals.requests;
  };
  const checkAll = async () => {
    const differences: string[] = [];
    for (const dayMs of await test.drive(check.days(SPACE, signal))) {
      const found = await test.drive(check.check(SPACE, dayMs, signal));
      differences.push(...found.differences);
    }
    return differences;
  };
  const rebuildAll = async () => {
    for (const dayMs of await test.drive(check.days(SPACE, signal))) {
      await test.drive(check.rebuild(SPACE, dayMs, signal));
    }
  };
  const rows = async () => {
    const found = new Map<string, string>();
    for (const kind of ["um", "uq", "uh", "ud"]) {
      const range = list(store, { prefix: [SPACE, kind] }, { signal });
      for await (const { key, value } of range) {
        // Where a row says who wrote it, that is not what it holds.
        const { token: _, ...held } = value as { token?: string };
        found.set(JSON.stringify(key.map(String)), JSON.stringify(held));
      }
    }
    return found;
  };
  const change = async (key: Deno.KvKey, value: { v: 1 } | null) => {
    const guard = new UnitOfWork().guard(["sys", "test"], null, { v: 1 });
    if (value === null) guard.delete(key);
    else guard.set(key, value);
    assert.ok((await test.drive(commit(store, guard))).ok);
  };
  return {
    ...test,
    test,
    rollup,
    told,
    checkAll,
    rebuildAll,
    rows,
    change,
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}

Deno.test("UsageCheck.check: of what was folded as it should be nothing differs, and making it anew changes nothing", async () => {
  using history = await openHistory();
  history.clock.advance(2 * HOUR_MS);
  await history.test.drive(history.rollup.sumUp(signal));
  assert.deepEqual(await history.checkAll(), []);
  const before = await history.rows();
  assert.equal(await history.told(), 60);
  await history.rebuildAll();
  assert.deepEqual(await history.rows(), before);
  assert.equal(await history.told(), 60);
});

Deno.test("UsageCheck.check: a slice that lacks something is named by its time, and whole again once made anew", async () => {
  using history = await openHistory();
  history.clock.advance(2 * HOUR_MS);
  await history.test.drive(history.rollup.sumUp(signal));
  const dayMs = history.clock.now() - history.clock.now() % DAY_MS - DAY_MS;
  await history.change(
    keys.usageSliceKey(SPACE, "day", "model", 0, dayMs),
    null,
  );
  const differences = await history.checkAll();
  assert.deepEqual(differences.length, 1);
  assert.match(differences[0], /^The day from .+ \(model\)$/);
  await history.rebuildAll();
  assert.deepEqual(await history.checkAll(), []);
});

Deno.test("UsageCheck.check: a minute that a lane has lost is named with the lane, and whole again once made anew", async () => {
  using history = await openHistory();
  history.clock.advance(2 * HOUR_MS);
  await history.test.drive(history.rollup.sumUp(signal));
  const before = await history.rows();
  const minutes = [...before.keys()].filter((key) => key.includes('"um"'));
  const [space, kind, at, writer] = JSON.parse(minutes.at(-1)!);
  await history.change([space, kind, Number(at), writer, 0], null);
  const differences = await history.checkAll();
  assert.equal(differences.length, 1);
  assert.match(differences[0], /^The minute .+ has 0 requests, its ledger 1$/);
  await history.rebuildAll();
  await history.test.drive(history.rollup.sumUp(signal));
  assert.deepEqual(await history.checkAll(), []);
});

Deno.test("UsageCheck.rebuild: a ledger from before there were sums is told as if there had always been some", async () => {
  using history = await openHistory({ isFolded: false });
  const { store, clock, test } = history;
  // Marks came with the sums.
  const marks = await test.drive(Array.fromAsync(
    list(store, keys.unfoldedAfter(null), { signal }),
  ));
  assert.equal(marks.length, 60);
  assert.deepEqual(await history.checkAll(), [], "what is marked is awaited");
  for (let from = 0; from < marks.length; from += 5) {
    const unit = new UnitOfWork().guard(["sys", "gone", from], null, { v: 1 });
    for (const { key } of marks.slice(from, from + 5)) unit.delete(key);
    assert.ok((await test.drive(commit(store, unit))).ok);
  }
  assert.equal(await history.told(), 0);
  await history.rebuildAll();
  assert.equal(await history.told(), 60);
  clock.advance(30 * MINUTE_MS);
  await test.drive(history.rollup.sumUp(signal));
  assert.equal(await history.told(), 60);
  clock.advance(2 * DAY_MS);
  await test.drive(history.rollup.sumUp(signal));
  assert.deepEqual(await history.checkAll(), []);
  assert.equal(await history.told(), 60 - 20);
});

Deno.test("UsageCheck.check: what waits to be added up is not taken for wrong", async () => {
  using history = await openHistory();
  history.clock.advance(2 * HOUR_MS);
  // The hours that have ended meanwhile have their marks still.
  assert.deepEqual(await history.checkAll(), []);
  await history.test.drive(history.rollup.sumUp(signal));
  assert.deepEqual(await history.checkAll(), []);
});
