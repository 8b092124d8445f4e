import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import { baselines as baselineRows } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { AnomalyStore } from "./anomaly_store.ts";
import { UsedWorkspace } from "./testing/usage.ts";
import { UsageAnomalies } from "./usage_anomalies.ts";
import { HOUR_MS } from "./usage_series.ts";

const DAY_MS = 24 * HOUR_MS;
/** A Wednesday, 00:05 UTC. */
const NOW_MS = Date.UTC(2026, 10, 18, 0, 5);
const WORKSPACE = FIRST_WORKSPACE;
const NEVER = new AbortController().signal;

interface Rig extends Disposable {
  store: Store;
  usage: UsedWorkspace;
  anomalies: UsageAnomalies;
  /** Another process over the same store. */
  another(): UsageAnomalies;
  goOn(ms: number): void;
  nowMs(): number;
  /** Looks after each hour of some. */
  lookFor(hours: number): Promise<number>;
  told(): Promise<Record<string, unknown>[]>;
}

async function rigOf({ days = 60 }: { days?: number } = {}): Promise<Rig> {
  let nowMs = NOW_MS;
  const clock = { ...systemClock, now: () => nowMs };
  const store = await openStore({ location: ":memory:", clock });
  const usage = new UsedWorkspace(WORKSPACE, NOW_MS - days * DAY_MS);
  const another = () =>
    new UsageAnomalies({ store: new AnomalyStore(store), query: usage });
  const anomalies = another();
  return {
    store,
    usage,
    anomalies,
    another,
    nowMs: () => nowMs,
    goOn: (ms) => nowMs += ms,
    async lookFor(hours) {
      let found = 0;
      for (let hour = 0; hour < hours; hour += 1) {
        nowMs += HOUR_MS;
        found += (await anomalies.look(WORKSPACE, NEVER))?.found ?? 0;
      }
      return found;
    },
    async told() {
      const rows = store.kv.list<EnvelopeRecord>({ prefix: [WORKSPACE, "e"] });
      const envelopes = await Array.fromAsync(rows);
      return envelopes.flatMap(({ value }) => value.ev)
        .filter(({ type }) => type === "anomaly.detected")
        .map(({ data }) => ({ ...data }));
    },
    [Symbol.dispose]: () => store.close(),
  };
}

Deno.test("UsageAnomalies.fit: learns as the next version, and forgets the one before", async () => {
  using rig = await rigOf();
  const first = await rig.anomalies.fit(WORKSPACE, NEVER);
  // Three keys, three people, two models, and all together.
  assert.deepEqual([first?.version, first?.series], [1, 9]);
  rig.goOn(DAY_MS);
  assert.equal((await rig.anomalies.fit(WORKSPACE, NEVER))?.version, 2);
  const rows = await Array.fromAsync(
    rig.store.kv.list(baselineRows(WORKSPACE, null)),
  );
  assert.deepEqual([...new Set(rows.map(({ key }) => key[2]))], [2]);
  const { baseline } = await rig.anomalies.list(WORKSPACE, null, 10);
  assert.equal(baseline?.version, 2);
  assert.equal(baseline?.toMs, Date.UTC(2026, 10, 19));
});

Deno.test("UsageAnomalies.fit: a fit that was broken off is taken for none, and its rows go", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  const store = new AnomalyStore(rig.store);
  const half = await store.baselines(WORKSPACE, 1, NEVER);
  await store.addBaselines(WORKSPACE, 2, half.slice(0, 3), NEVER);
  assert.equal(
    (await rig.anomalies.list(WORKSPACE, null, 1)).baseline?.version,
    1,
  );
  assert.equal((await rig.anomalies.fit(WORKSPACE, NEVER))?.version, 3);
  assert.equal((await store.baselines(WORKSPACE, 2, NEVER)).length, 0);
});

Deno.test("UsageAnomalies: says nothing where usage is a few days old, or there is none", async () => {
  using rig = await rigOf({ days: 5 });
  assert.equal(await rig.anomalies.fit(WORKSPACE, NEVER), null);
  assert.equal(await rig.anomalies.look(WORKSPACE, NEVER), null);
  assert.equal(await rig.anomalies.fit("wsp_other", NEVER), null);
});

Deno.test("UsageAnomalies: two ordinary weeks are two weeks without a word", async () => {
  using rig = await rigOf();
  for (let week = 0; week < 2; week += 1) {
    await rig.anomalies.fit(WORKSPACE, NEVER);
    assert.equal(
      await rig.lookFor(7 * 24),
      0,
      JSON.stringify(await rig.told()),
    );
  }
});

Deno.test("UsageAnomalies: what one key does is told once, as that key's, with the reason and a link", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  const at = (hour: number) => Date.UTC(2026, 10, 18, hour);
  rig.usage.change = (atMs, rows) =>
    atMs >= at(9) && atMs < at(12)
      ? rows.map((row) => row.key === "key_a" ? { ...row, requests: 900 } : row)
      : rows;
  assert.equal(await rig.lookFor(30), 1);
  const [told, ...more] = await rig.told();
  assert.deepEqual(more, []);
  const { anomalyId, value, expected, score, reason, href, ...rest } = told;
  assert.match(String(anomalyId), /^anm_[0-9a-f]{22}$/);
  assert.deepEqual(rest, {
    dimension: "key",
    key: "key_a",
    metric: "requests",
    direction: "above",
    also: ["user:usr_a", "model:m1", "all:"],
    startedAt: "2026-11-18T09:00:00.000Z",
  });
  assert.equal(value, 900);
  assert.ok(Number(expected) > 10 && Number(expected) < 50);
  assert.ok(Number(score) > 20);
  assert.match(
    String(reason),
    /^900 requests in the hour from 09:00 UTC, where about \d+(\.\d)? requests are usual on working days around 09:00 UTC: \d+(\.\d)? times as much$/,
  );
  assert.equal(
    href,
    "/admin/usage?range=custom&from=2026-11-17&to=2026-11-18&measure=requests&key=key_a&timeZone=UTC",
  );
  const { items } = await rig.anomalies.list(WORKSPACE, null, 10);
  assert.equal(items.length, 1);
  assert.equal(items[0].lastMs, at(11));
  assert.equal(items[0].endedMs, at(12));
});

Deno.test("UsageAnomalies: what comes back after it was over is told again", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  rig.usage.change = (atMs, rows) =>
    [9, 18].includes(new Date(atMs).getUTCHours()) &&
      atMs < Date.UTC(2026, 10, 19)
      ? rows.map((row) => ({ ...row, requests: 20 * row.requests + 500 }))
      : rows;
  await rig.lookFor(26);
  const starts = (await rig.told()).map(({ startedAt }) => startedAt);
  assert.deepEqual([...new Set(starts)], [
    "2026-11-18T09:00:00.000Z",
    "2026-11-18T18:00:00.000Z",
  ]);
});

Deno.test("UsageAnomalies: what everybody does is told of the workspace", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  rig.usage.change = (atMs, rows) =>
    new Date(atMs).getUTCHours() === 11
      ? rows.map((row) => ({ ...row, errors: Math.round(row.requests / 2) }))
      : rows;
  await rig.lookFor(14);
  const [told, ...more] = await rig.told();
  assert.deepEqual(more, []);
  assert.deepEqual([told.dimension, told.metric], ["all", "errors"]);
  assert.match(
    String(told.reason),
    /failed answers in the hour from 11:00 UTC, where nothing is usual/,
  );
});

Deno.test("UsageAnomalies: that nothing comes any more is told, at night it is not", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  rig.usage.change = (atMs, rows) =>
    atMs >= Date.UTC(2026, 10, 18, 10) ? [] : rows;
  assert.equal(await rig.lookFor(10), 0);
  await rig.lookFor(6);
  await rig.lookFor(12);
  const [told, ...more] = await rig.told();
  assert.deepEqual(more, []);
  assert.deepEqual([told.dimension, told.direction], ["all", "below"]);
  assert.match(
    String(told.reason),
    /^Nothing in the hour from 1\d:00 UTC, where about/,
  );
});

Deno.test("UsageAnomalies: a silence that no single hour tells is told by its length", async () => {
  using rig = await rigOf();
  // A service that asks once or twice an hour, all day long.
  const steady = (atMs: number) => [{
    user: "usr_a",
    key: "key_a",
    model: "m1",
    requests: 1 + Math.floor(atMs / HOUR_MS) % 2,
  }];
  rig.usage.change = steady;
  await rig.anomalies.fit(WORKSPACE, NEVER);
  assert.equal(await rig.lookFor(24), 0);
  const endMs = rig.nowMs();
  rig.usage.change = (atMs) => atMs < endMs - HOUR_MS ? steady(atMs) : [];
  assert.equal(await rig.lookFor(10), 0);
  assert.equal(await rig.lookFor(10), 1);
  const [{ reason, key }] = await rig.told();
  assert.equal(key, "key_a");
  assert.match(
    String(reason),
    /^No requests for \d+ hours, in which about \d+/,
  );
});

Deno.test("UsageAnomalies: hours in which no process ran are looked at, a day back", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  await rig.lookFor(1);
  rig.usage.change = (atMs, rows) =>
    atMs === Date.UTC(2026, 10, 18, 9)
      ? rows.map((row) => ({ ...row, requests: 2_000 }))
      : rows;
  rig.goOn(20 * HOUR_MS);
  const look = await rig.anomalies.look(WORKSPACE, NEVER);
  assert.equal(look?.hours, 20);
  assert.ok(look.found >= 1);
  rig.goOn(100 * DAY_MS);
  assert.equal((await rig.anomalies.look(WORKSPACE, NEVER))?.hours, 24);
});

Deno.test("UsageAnomalies: two processes that look at the same time tell it once", async () => {
  using rig = await rigOf();
  await rig.anomalies.fit(WORKSPACE, NEVER);
  rig.usage.change = (atMs, rows) =>
    atMs >= Date.UTC(2026, 10, 18, 9)
      ? rows.map((row) => row.key === "key_a" ? { ...row, requests: 900 } : row)
      : rows;
  rig.goOn(10 * HOUR_MS);
  await Promise.all(
    [rig.anomalies, rig.another(), rig.another()].map((each) =>
      each.look(WORKSPACE, NEVER)
    ),
  );
  assert.equal((await rig.told()).length, 1);
  // Neither does a look that is repeated, nor a clock that was set back.
  await rig.another().look(WORKSPACE, NEVER);
  rig.goOn(-5 * HOUR_MS);
  await rig.another().look(WORKSPACE, NEVER);
  assert.equal((await rig.told()).length, 1);
});

Deno.test("UsageAnomalies.look: reads as much however many hours of usage there are", async () => {
  const asked: number[] = [];
  for (const days of [20, 60]) {
    using rig = await rigOf({ days });
    await rig.anomalies.fit(WORKSPACE, NEVER);
    rig.goOn(HOUR_MS);
    rig.usage.asked = 0;
    await rig.anomalies.look(WORKSPACE, NEVER);
    asked.push(rig.usage.asked);
  }
  assert.equal(asked[0], asked[1]);
});

Deno.test("UsageAnomalies: the same anomaly has the same id whoever finds it, and another one another", async () => {
  const idOf = async (key: string) => {
    using rig = await rigOf();
    await rig.anomalies.fit(WORKSPACE, NEVER);
    rig.usage.change = (atMs, rows) =>
      atMs >= Date.UTC(2026, 10, 18, 9)
        ? rows.map((row) => row.key === key ? { ...row, requests: 900 } : row)
        : rows;
    await rig.lookFor(10);
    const [{ anomalyId }] = await rig.told();
    return anomalyId;
  };
  const id = await idOf("key_a");
  assert.equal(await idOf("key_a"), id);
  assert.notEqual(await idOf("key_b"), id);
});
