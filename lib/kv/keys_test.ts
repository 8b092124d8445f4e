import assert from "node:assert/strict";
import * as keys from "./keys.ts";
import { list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

const WORKSPACE = "wsp_1";

async function openWith(written: Deno.KvKey[]) {
  const test = await openTestStore();
  const operation = test.store.kv.atomic()
    .check({ key: ["guard"], versionstamp: null });
  for (const key of written) operation.set(key, { v: 1 });
  await operation.commit();
  return {
    ...test,
    find: async (
      selector: Deno.KvListSelector,
      options: { reverse?: boolean; limit?: number } = {},
    ) =>
      (await Array.fromAsync(list(test.store, selector, options)))
        .map(({ key }) => key),
  };
}

Deno.test("threadList: pages newest first without a gap or a repetition", async () => {
  const places = [5, 3, 3, 3, 8, 1, 2].map((updatedAtMs, index) => ({
    updatedAtMs,
    thread: `thr_${index}`,
  }));
  using test = await openWith([
    ...places.map(({ updatedAtMs, thread }) =>
      keys.threadListKey(WORKSPACE, updatedAtMs, thread)
    ),
    keys.threadListKey("wsp_2", 4, "thr_foreign"),
    keys.threadKey(WORKSPACE, "thr_0"),
  ]);
  const seen: keys.ThreadListPlace[] = [];
  while (true) {
    const page = await test.find(
      keys.threadList(WORKSPACE, seen.at(-1) ?? null),
      { reverse: true, limit: 2 },
    );
    if (page.length === 0) break;
    seen.push(...page.map(keys.parseThreadListKey));
  }
  assert.deepEqual(
    seen,
    places.toSorted((a, b) =>
      b.updatedAtMs - a.updatedAtMs || (a.thread < b.thread ? 1 : -1)
    ),
  );
});

Deno.test("runLogAfter: gives the segments that hold later events of the epoch", async () => {
  const segments = [[1, 4], [1, 9], [1, 30], [2, 3]];
  using test = await openWith([
    ...segments.map(([epoch, last]) =>
      keys.runLogKey(WORKSPACE, "run_1", epoch, last)
    ),
    keys.runLogKey(WORKSPACE, "run_2", 1, 50),
  ]);
  const after = async (seq: number) =>
    (await test.find(keys.runLogAfter(WORKSPACE, "run_1", 1, seq)))
      .map((key) => keys.parseRunLogKey(key).lastSeq);
  assert.deepEqual(await after(-1), [4, 9, 30]);
  assert.deepEqual(await after(3), [4, 9, 30]);
  assert.deepEqual(await after(4), [9, 30]);
  assert.deepEqual(await after(30), []);
  assert.equal((await test.find(keys.runLog(WORKSPACE, "run_1"))).length, 4);
});

Deno.test("ownedAfter: skips all rows of an incarnation", async () => {
  using test = await openWith([
    keys.ownKey("inc_a", "j", "job_1"),
    keys.ownKey("inc_a", "r", "run_1"),
    keys.ownKey("inc_aa", "r", "run_2"),
    keys.ownKey("inc_b", "r", "run_3"),
  ]);
  const next = async (last: string | null) =>
    (await test.find(keys.ownedAfter(last), { limit: 1 }))
      .map((key) => keys.parseOwnKey(key).incarnation);
  assert.deepEqual(await next(null), ["inc_a"]);
  assert.deepEqual(await next("inc_a"), ["inc_aa"]);
  assert.deepEqual(await next("inc_aa"), ["inc_b"]);
  assert.deepEqual(await next("inc_b"), []);
});

Deno.test("tenant keys: begin with the space, and no space reaches into the operator's space", () => {
  const tenantKeys: ((space: string) => Deno.KvKey)[] = [
    (ws) => keys.runKey(ws, "x"),
    (ws) => keys.runControlKey(ws, "x"),
    (ws) => keys.runLogKey(ws, "x", 1, 1),
    (ws) => keys.threadKey(ws, "x"),
    (ws) => keys.threadActivityKey(ws, "x"),
    (ws) => keys.threadListKey(ws, 1, "x"),
    (ws) => keys.messageKey(ws, "x", "y"),
    (ws) => keys.idempotencyKey(ws, "x", "y"),
  ];
  const spelled = tenantKeys.map((key) => JSON.stringify(key(WORKSPACE)));
  assert.equal(new Set(spelled).size, tenantKeys.length);
  for (const key of tenantKeys) {
    assert.equal(key(WORKSPACE)[0], WORKSPACE);
    assert.throws(() => key("sys"), { name: "TypeError" });
    assert.throws(() => key(""), { name: "TypeError" });
  }
});
