import assert from "node:assert/strict";
import { FencedError, StorageError } from "@/lib/errors.ts";
import type { LaneEntry } from "./batcher.ts";
import { fence } from "./fence.ts";
import { startIncarnation } from "./incarnation.ts";
import { laneKey } from "./keys.ts";
import type { LaneEvent } from "./lane.ts";
import type { LaneHead } from "./lane_writer.ts";
import { get } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

async function openLane() {
  const test = await openTestStore();
  const incarnation = await startIncarnation(test.store);
  const born = test.faults.commits;
  const events: LaneEvent["type"][] = [];
  incarnation.lane.subscribe(({ type }) => events.push(type));
  return {
    ...test,
    incarnation,
    lane: incarnation.lane,
    events,
    sent: () => test.faults.commits - born,
    head: async () =>
      (await get<LaneHead>(test.calm, laneKey(incarnation.id, 0))).value!,
    row: async (name: string) => (await get(test.calm, ["row", name])).value,
  };
}

const entry = (name: string): LaneEntry => ({
  sets: [{ key: ["row", name], value: { v: 1 } }],
  urgency: "now",
});

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

const isUnknown = (error: unknown) =>
  error instanceof StorageError && error.code === "storage_unknown";

for (
  const fault of [
    "drop",
    "loseAck",
    "twice",
    "deny",
    "locked",
    "hold",
    "mute",
    "hang",
  ] as const
) {
  Deno.test(`Lane: with fault "${fault}" a batch counts once and the next one follows`, async () => {
    using test = await openLane();
    test.faults.script(fault);
    const { versionstamp } = await test.drive(test.lane.write(entry("a")));
    const row = await get(test.calm, ["row", "a"]);
    assert.equal(row.versionstamp, versionstamp);
    await test.drive(test.lane.write(entry("b")));
    await test.faults.applyHeld();
    assert.equal(
      (await get(test.calm, ["row", "a"])).versionstamp,
      versionstamp,
    );
    assert.equal((await test.head()).n, 2);
    assert.equal(test.lane.state, "open");
  });
}

Deno.test("Lane: a no to a batch that counted is a yes, without a halt", async () => {
  using test = await openLane();
  test.faults.script("twice");
  await test.lane.write(entry("a"));
  await settle();
  assert.deepEqual(test.events, []);
});

Deno.test("Lane: a passed deadline halts it; no other batch leaves until the outcome is known", async () => {
  using test = await openLane();
  test.faults.script("hang");
  test.faults.scriptReads("hang", "fail");
  const first = test.lane.write(entry("first"));
  await settle();
  const second = test.lane.write(entry("second"));
  test.clock.advance(test.store.deadlineMs);
  await settle();
  assert.equal(test.lane.state, "halted");
  assert.equal(test.sent(), 1);
  let ready = false;
  void test.lane.ready().then(() => {
    ready = true;
  });
  await settle();
  assert.equal(ready, false);
  await test.drive(Promise.all([first, second]));
  await settle();
  assert.equal(ready, true);
  assert.deepEqual(test.events, ["halted", "resumed"]);
  // The first batch twice, byte for byte the same, then the second.
  assert.equal(test.sent(), 3);
  assert.equal((await test.head()).n, 2);
});

Deno.test("Lane: what is sent again carries number and token of the first try", async () => {
  using test = await openLane();
  test.faults.script("hold", "drop", "mute");
  const write = test.lane.write(entry("a"));
  await test.drive(write);
  const head = await test.head();
  await test.faults.applyHeld();
  assert.deepEqual(await test.head(), head);
  assert.equal(head.n, 1);
});

Deno.test("Lane: once fenced, everything that waits is told so and nothing is sent any more", async () => {
  using test = await openLane();
  await test.lane.write(entry("before"));
  assert.equal(await fence(test.calm, test.incarnation.id), true);
  const results = await Promise.allSettled([
    test.lane.write(entry("a")),
    test.lane.write(entry("b")),
  ]);
  for (const result of results) {
    assert.ok(result.status === "rejected");
    assert.ok(result.reason instanceof FencedError);
  }
  const sent = test.sent();
  await assert.rejects(test.lane.write(entry("c")), FencedError);
  await assert.rejects(test.lane.renew(), FencedError);
  await assert.rejects(test.lane.ready(), FencedError);
  assert.equal(await test.lane.drain(1_000), false);
  assert.equal(test.sent(), sent);
  assert.deepEqual(test.events, ["fenced"]);
  assert.equal(test.lane.pendingBytes, 0);
});

Deno.test("Lane: a batch that is still on its way when the lane is fenced changes nothing", async () => {
  using test = await openLane();
  test.faults.script("hold");
  const write = test.lane.write(entry("late"));
  await settle();
  const before = await test.head();
  await fence(test.calm, test.incarnation.id);
  await test.faults.applyHeld();
  assert.equal(await test.row("late"), null);
  await assert.rejects(test.drive(write), FencedError);
  await test.faults.applyHeld();
  assert.equal(await test.row("late"), null);
  const after = await test.head();
  assert.deepEqual([after.n, after.token], [before.n, before.token]);
});

Deno.test("Lane: a batch that counted before the fence is told as done, though its answer was lost", async () => {
  using test = await openLane();
  test.faults.script("mute");
  const write = test.lane.write(entry("a"));
  while (await test.row("a") === null) await settle();
  const { versionstamp } = await get(test.calm, ["row", "a"]);
  assert.equal(await fence(test.calm, test.incarnation.id), true);
  assert.deepEqual(await test.drive(write), { versionstamp, n: 1 });
  await settle();
  assert.equal(test.lane.state, "fenced");
  assert.deepEqual(test.events, ["halted", "resumed", "fenced"]);
});

Deno.test("Lane.drain: sends what waits, closes the head and takes nothing new", async () => {
  using test = await openLane();
  const soon = test.lane.write({ ...entry("soon"), urgency: "soon" });
  const drained = test.lane.drain(2_000);
  await assert.rejects(
    test.lane.write(entry("late")),
    (error) =>
      error instanceof StorageError && error.code === "storage_draining",
  );
  assert.equal(await drained, true);
  await soon;
  assert.equal((await test.head()).state, "drained");
  assert.equal(test.lane.state, "drained");
  assert.deepEqual(test.events, ["drained"]);
});

Deno.test("Lane.drain: ends at its deadline when the store hangs, and says what is unknown", async () => {
  using test = await openLane();
  test.faults.script("hang");
  const sent = test.lane.write(entry("sent"));
  await settle();
  const waiting = test.lane.write(entry("waiting"));
  const drained = test.lane.drain(2_000);
  const outcomes = Promise.allSettled([sent, waiting]);
  test.clock.advance(2_000);
  assert.equal(await drained, false);
  for (const outcome of await outcomes) {
    assert.ok(outcome.status === "rejected" && isUnknown(outcome.reason));
  }
  assert.equal(test.lane.state, "abandoned");
  await test.drive(settle());
  assert.equal(test.sent(), 1);
});

Deno.test("Lane.drain: a head whose answer is lost is closed all the same", async () => {
  using test = await openLane();
  test.faults.script("loseAck");
  assert.equal(await test.drive(test.lane.drain(2_000)), true);
  assert.equal((await test.head()).state, "drained");
});

Deno.test("Lane.drain: asked twice, it is one drain", async () => {
  using test = await openLane();
  const both = await Promise.all([
    test.lane.drain(2_000),
    test.lane.drain(2_000),
  ]);
  assert.deepEqual(both, [true, true]);
  assert.equal(test.sent(), 1);
  assert.equal(await test.lane.drain(2_000), true);
});
