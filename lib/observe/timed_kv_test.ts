import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";
import { timedKv } from "./timed_kv.ts";

/** How many calls of each kind have been timed. */
async function counts(metrics: Metrics): Promise<Record<string, number>> {
  const found = (await metrics.text()).matchAll(
    /kv_operation_duration_seconds_count\{operation="(\w+)"\} (\d+)/g,
  );
  return Object.fromEntries(
    [...found].map(([, operation, count]) => [operation, Number(count)]),
  );
}

Deno.test("timedKv: gives what the store gives, and times each call", async () => {
  const metrics = new Metrics();
  using bare = await Deno.openKv(":memory:");
  const kv = timedKv(bare, metrics);
  const keys = [["a", 1], ["a", 2], ["a", 3]];
  const operation = kv.atomic().check({ key: keys[0], versionstamp: null });
  for (const key of keys) operation.set(key, key[1]);
  assert.ok((await operation.commit()).ok);
  assert.equal((await kv.get(keys[1])).value, 2);
  const many = await kv.getMany(keys.slice(1));
  assert.deepEqual(many.map(({ value }) => value), [2, 3]);
  const rows = kv.list({ prefix: ["a"] });
  const listed = await Array.fromAsync(rows);
  assert.deepEqual(listed.map(({ value }) => value), [1, 2, 3]);
  assert.deepEqual(await counts(metrics), {
    get: 1,
    getMany: 1,
    list: 1,
    commit: 1,
  });
});

Deno.test("timedKv: a list goes on from its cursor", async () => {
  using bare = await Deno.openKv(":memory:");
  const kv = timedKv(bare, new Metrics());
  await kv.atomic().set(["a", 1], 1).set(["a", 2], 2).commit();
  const rows = kv.list({ prefix: ["a"] }, { limit: 1 });
  await Array.fromAsync(rows);
  const rest = kv.list({ prefix: ["a"] }, { cursor: rows.cursor });
  assert.deepEqual((await Array.fromAsync(rest)).map(({ value }) => value), [
    2,
  ]);
});

Deno.test("timedKv: a call that fails fails as before", async () => {
  using bare = await Deno.openKv(":memory:");
  const kv = timedKv(bare, new Metrics());
  const tooLong = ["x".repeat(3_000)];
  await assert.rejects(kv.get(tooLong), TypeError);
  await assert.rejects(
    kv.atomic().set(tooLong, 1).commit(),
    TypeError,
  );
});
