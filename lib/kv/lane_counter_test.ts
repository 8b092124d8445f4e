import assert from "node:assert/strict";
import { startIncarnation } from "./incarnation.ts";
import { LaneCounter } from "./lane_counter.ts";
import { get } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

const KEY = ["test", "counter"];

async function openLane() {
  const test = await openTestStore();
  const { lane } = await startIncarnation(test.store);
  const counter = new LaneCounter(KEY);
  return {
    ...test,
    lane,
    counter,
    add: (spent: number, name: string, extra: unknown = 1) =>
      lane.write({
        sets: [{ key: ["row", name], value: { v: 1, extra } }],
        counters: [{ counter, add: { spent } }],
        urgency: "now",
      }),
    stored: async () => (await get(test.calm, KEY)).value,
  };
}

Deno.test("LaneCounter: additions of one batch and of the next add up in the row", async () => {
  using test = await openLane();
  await Promise.all([test.add(2, "a"), test.add(3, "b")]);
  assert.deepEqual(await test.stored(), { v: 1, spent: 5 });
  await test.add(-1, "c");
  assert.deepEqual(await test.stored(), { v: 1, spent: 4 });
  assert.deepEqual(test.counter.values, { spent: 4 });
});

Deno.test("LaneCounter: what the store refuses is not counted, its neighbours are", async () => {
  using test = await openLane();
  const culprit = test.add(100, "b", new Array(70_000).fill("x").join(""));
  const results = await Promise.allSettled([
    test.add(2, "a"),
    culprit,
    test.add(3, "c"),
  ]);
  assert.deepEqual(results.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  assert.deepEqual(await test.stored(), { v: 1, spent: 5 });
});

for (const fault of ["loseAck", "twice", "deny", "drop", "mute"] as const) {
  Deno.test(`LaneCounter: with fault "${fault}" an addition counts once`, async () => {
    using test = await openLane();
    test.faults.script(fault);
    await test.drive(test.add(7, "a"));
    await test.drive(test.add(1, "b"));
    assert.deepEqual(await test.stored(), { v: 1, spent: 8 });
  });
}
