import assert from "node:assert/strict";
import type { RequestLogSettings } from "@/lib/config/request_log.ts";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { RequestLog } from "./request_log.ts";
import { minuteOf } from "./request_pages.ts";
import { MAX_BODY_BYTES, RequestLogStore } from "./request_log_store.ts";
import {
  type RequestSearch,
  RequestSearchStore,
} from "./request_search_store.ts";
import { HOUR_MS } from "./request_time.ts";
import { record } from "./testing/records.ts";

const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const WORKSPACE = "wsp_a";
const OFF: RequestLogSettings = { bodies: false, redact: [] };
const ALL: RequestSearch = {
  mark: null,
  fromMs: 0,
  before: null,
  isWanted: () => true,
  limit: 200,
};
const NEVER = new AbortController().signal;

async function openLog(settings: RequestLogSettings = OFF) {
  const test = await openTestStore();
  const { lane } = await startIncarnation(test.store);
  const store = new RequestLogStore(test.store, () => lane, DAY_MS);
  const search = new RequestSearchStore(test.store);
  const log = new RequestLog({ store, search, settings, clock: test.clock });
  return {
    ...test,
    lane,
    log,
    records: store,
    /** Ids of all records, newest first. */
    ids: async (workspace = WORKSPACE) =>
      (await log.look(workspace, ALL)).items.map(({ id }) => id),
  };
}

Deno.test("RequestLog: what was added is found by its id and in the list, newest first", async () => {
  using test = await openLog();
  const now = test.clock.now();
  const [older, newer] = [record(now - 5), record(now, { status: "failed" })];
  test.log.add(WORKSPACE, newer);
  test.log.add(WORKSPACE, older);
  test.log.add("wsp_b", record(now + 1));
  await test.drive(test.log.flush());
  assert.deepEqual(await test.ids(), [newer.id, older.id]);
  assert.deepEqual(await test.log.get(WORKSPACE, newer.id), {
    ...newer,
    bodies: null,
  });
});

Deno.test("RequestLog.get: unknown ids, ids of others and what is no id are nothing", async () => {
  using test = await openLog();
  const own = record(test.clock.now());
  test.log.add(WORKSPACE, own);
  await test.drive(test.log.flush());
  assert.equal(await test.log.get("wsp_b", own.id), null);
  assert.equal(await test.log.get(WORKSPACE, record(0).id), null);
  assert.equal(await test.log.get(WORKSPACE, "req_?"), null);
});

Deno.test("RequestLog.add: a later record of the same request takes the place of the first", async () => {
  using test = await openLog();
  const first = record(test.clock.now(), { status: "interrupted" });
  test.log.add(WORKSPACE, first);
  await test.drive(test.log.flush());
  test.log.add(WORKSPACE, { ...first, status: "completed" });
  await test.drive(test.log.flush());
  assert.deepEqual(await test.ids(), [first.id]);
  const found = await test.log.get(WORKSPACE, first.id);
  assert.equal(found!.status, "completed");
});

Deno.test("RequestLog.add: records share writes", async () => {
  using test = await openLog();
  const before = test.lane.n;
  for (let index = 0; index < 250; index += 1) {
    test.log.add(WORKSPACE, record(test.clock.now() + index));
  }
  await test.drive(test.log.flush());
  assert.equal(test.log.written, 250);
  assert.ok(test.lane.n - before <= 3, `${test.lane.n - before} batches`);
});

Deno.test("RequestLog.add: requests of many workspaces and minutes at the same time are all written", async () => {
  using test = await openLog();
  const now = test.clock.now();
  for (let index = 0; index < 300; index += 1) {
    const atMs = now - index % 3 * MINUTE_MS + index;
    const refused = record(atMs, { status: "refused", run: null });
    test.log.add(`wsp_${index % 100}`, refused);
  }
  await test.drive(test.log.flush());
  assert.deepEqual([test.log.written, test.log.dropped], [300, 0]);
});

Deno.test("RequestLog.add: while the store hangs nothing waits, what is too much is dropped and counted", async () => {
  using test = await openLog();
  test.faults.script("hold");
  for (let index = 0; index < 3_000; index += 1) {
    test.log.add(WORKSPACE, record(test.clock.now() + index));
  }
  assert.ok(test.log.dropped > 0, "none was dropped");
  assert.ok(test.log.dropped < 1_100, `${test.log.dropped} were dropped`);
  const dropped = test.log.dropped;
  await test.faults.applyHeld();
  await test.drive(test.log.flush());
  assert.deepEqual(
    [test.log.written, test.log.dropped],
    [3_000 - dropped, dropped],
  );
});

Deno.test("RequestLog.add: records that the store refuses are dropped and counted, later ones are written", async () => {
  using test = await openLog();
  test.faults.script("refuse");
  test.log.add(WORKSPACE, record(test.clock.now()));
  await test.drive(test.log.flush());
  const later = record(test.clock.now() + 1);
  test.log.add(WORKSPACE, later);
  await test.drive(test.log.flush());
  assert.deepEqual([test.log.written, test.log.dropped], [1, 1]);
  assert.deepEqual(await test.ids(), [later.id]);
});

Deno.test("RequestLog.close: writes what waits, then takes nothing", async () => {
  using test = await openLog();
  const last = record(test.clock.now());
  test.log.add(WORKSPACE, last);
  await test.drive(test.log.close(1_000));
  test.log.add(WORKSPACE, record(test.clock.now() + 1));
  assert.deepEqual(await test.ids(), [last.id]);
  assert.equal(test.clock.pending, 0);
});

Deno.test("RequestLog.add: bodies are not even made unless they are wanted", async () => {
  using test = await openLog();
  const own = record(test.clock.now());
  test.log.add(WORKSPACE, own, () => {
    throw new Error("Made");
  });
  await test.drive(test.log.flush());
  const found = await test.log.get(WORKSPACE, own.id);
  assert.deepEqual([found!.hasBodies, found!.bodies], [false, null]);
});

Deno.test("RequestLog.add: bodies that are wanted are kept without keys and, by setting, addresses", async () => {
  using test = await openLog({ bodies: true, redact: ["email"] });
  const own = record(test.clock.now());
  test.log.add(WORKSPACE, own, () => ({
    request: "my key is sk-abcdefgh12345678",
    response: "I told eva@example.org",
  }));
  await test.drive(test.log.flush());
  const found = await test.log.get(WORKSPACE, own.id);
  assert.equal(found!.hasBodies, true);
  assert.deepEqual(found!.bodies, {
    request: "my key is …",
    response: "I told …",
  });
});

Deno.test("RequestLog.add: long bodies are cut, and no half of a key is left at the cut", async () => {
  using test = await openLog({ bodies: true, redact: [] });
  const own = record(test.clock.now());
  const key = "sk-abcdefgh12345678";
  const edge = " ".repeat(MAX_BODY_BYTES - 5) + key;
  test.log.add(WORKSPACE, own, () => ({
    request: edge,
    response: '"'.repeat(100_000),
  }));
  await test.drive(test.log.flush());
  const { bodies } = (await test.log.get(WORKSPACE, own.id))!;
  assert.doesNotMatch(bodies!.request, /sk-/);
  assert.ok(bodies!.response.length > 10_000);
  assert.match(bodies!.response, /"…$/);
});

Deno.test("RequestLog.look: what is older than its retention is not shown", async () => {
  using test = await openLog();
  const now = test.clock.now();
  const [old, young] = [record(now), record(now + HOUR_MS)];
  test.log.add(WORKSPACE, old);
  test.log.add(WORKSPACE, young);
  await test.drive(test.log.flush());
  test.clock.advance(DAY_MS);
  assert.deepEqual(await test.ids(), [young.id]);
  assert.equal(await test.log.get(WORKSPACE, old.id), null);
});

Deno.test("RequestLogStore.sweep: removes what is kept no longer, and no more", async () => {
  using test = await openLog({ bodies: true, redact: [] });
  const now = test.clock.now();
  const bodies = () => ({ request: "q", response: "a" });
  for (let index = 0; index < 150; index += 1) {
    test.log.add(WORKSPACE, record(now + index), bodies);
  }
  const young = record(now + 3 * HOUR_MS);
  test.log.add(WORKSPACE, young, bodies);
  await test.drive(test.log.flush());
  test.clock.advance(DAY_MS + 2 * HOUR_MS);
  await test.drive(test.records.sweep(NEVER));
  const left = await Array.fromAsync(test.store.kv.list({ prefix: [] }));
  const rows = left.filter(({ key }) =>
    key[0] === WORKSPACE || key[1] === "qh"
  );
  assert.deepEqual(
    rows.map(({ key }) => key[1] === "qh" ? key[3] : key.slice(1, 3).join())
      .sort(),
    [
      `qb,${young.id}`,
      `ql,${young.id}`,
      `qs,${minuteOf(young.id)}`,
      WORKSPACE,
    ].sort(),
  );
});

Deno.test("RequestLogStore.sweep: a workspace that goes on is swept again", async () => {
  using test = await openLog();
  for (const _day of [1, 2]) {
    test.log.add(WORKSPACE, record(test.clock.now()));
    await test.drive(test.log.flush());
    test.clock.advance(DAY_MS + 3 * HOUR_MS);
    await test.drive(test.records.sweep(NEVER));
    const rows = await Array.fromAsync(
      test.store.kv.list({ prefix: [WORKSPACE] }),
    );
    assert.deepEqual(rows, []);
  }
});

Deno.test("RequestLog: what waits to be written is found as if it were, once", async () => {
  using test = await openLog();
  const now = test.clock.now();
  const [first, last] = [record(now, { model: "m2" }), record(now + 1)];
  test.log.add(WORKSPACE, first);
  await test.drive(test.log.flush());
  test.log.add(WORKSPACE, last);
  test.log.add("wsp_b", record(now + 2));
  assert.deepEqual(await test.ids(), [last.id, first.id]);
  assert.equal((await test.log.get(WORKSPACE, last.id))?.id, last.id);
  assert.equal(await test.log.get("wsp_b", last.id), null);
  const page = await test.log.look(WORKSPACE, { ...ALL, limit: 1 });
  assert.deepEqual(page.items.map(({ id }) => id), [last.id]);
  assert.equal(page.next, last.id);
  const rest = await test.log.look(WORKSPACE, { ...ALL, before: page.next });
  assert.deepEqual(rest.items.map(({ id }) => id), [first.id]);
  const other = await test.log.look(WORKSPACE, {
    ...ALL,
    isWanted: ({ model }) => model === "m2",
  });
  assert.deepEqual(other.items.map(({ id }) => id), [first.id]);
  assert.deepEqual(
    (await test.log.getAll(WORKSPACE, [last.id, first.id])).map(({ id }) => id),
    [last.id, first.id],
  );
  await test.drive(test.log.flush());
  assert.deepEqual(await test.ids(), [last.id, first.id]);
});

Deno.test("RequestLog.add: records of the largest kind are all written", async () => {
  using test = await openLog();
  const now = test.clock.now();
  const long = "v".repeat(160);
  const headers = Array.from(
    { length: 24 },
    (_, index) => [`x-freshet-${index}`, long] as const,
  );
  for (let index = 0; index < 200; index += 1) {
    test.log.add(
      WORKSPACE,
      record(now + index, { headers: { request: headers, response: headers } }),
    );
  }
  await test.drive(test.log.flush());
  assert.deepEqual([test.log.written, test.log.dropped], [200, 0]);
});
