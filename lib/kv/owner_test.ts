import assert from "node:assert/strict";
import { fence } from "./fence.ts";
import { fenceKey, laneKey } from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { Owner } from "./owner.ts";
import { get } from "./reads.ts";
import type { Store } from "./store.ts";
import { openTestStore } from "./testing/test_store.ts";

/** A store that other processes could share. */
async function shared() {
  const test = await openTestStore();
  const store: Store = { ...test.store, kind: "remote" };
  return { ...test, store, owner: await Owner.start(store) };
}

const settle = async () => {
  for (let turns = 0; turns < 10; turns += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

Deno.test("Owner: an idle lane is renewed well before others take it for dead", async () => {
  using test = await shared();
  const { id } = test.owner.incarnation;
  const head = async () =>
    (await get<LaneHead>(test.calm, laneKey(id, 0))).value!.n;
  for (let ms = 0; ms < 12_000; ms += 500) {
    test.clock.advance(500);
    await settle();
  }
  assert.ok(await head() >= 2, `renewed ${await head()} times in 12 s`);
  await test.owner.release(1_000);
});

Deno.test("Owner: one that was fenced begins anew, and says so", async () => {
  using test = await shared();
  const first = test.owner.incarnation;
  const told: string[] = [];
  test.owner.subscribe(({ id }) => told.push(id));
  await fence(test.store, first.id);
  // It learns of it by its next write.
  await assert.rejects(first.lane.renew());
  await settle();
  const second = test.owner.incarnation;
  assert.notEqual(second.id, first.id);
  assert.deepEqual(told, [second.id]);
  assert.equal(second.lane.state, "open");
  assert.ok((await get(test.calm, fenceKey(second.id))).versionstamp);
  await test.owner.release(1_000);
});

Deno.test("Owner: one that has been released does not begin anew", async () => {
  using test = await shared();
  const { id } = test.owner.incarnation;
  await test.owner.release(1_000);
  await fence(test.store, id);
  test.clock.advance(60_000);
  await settle();
  assert.equal(test.owner.incarnation.id, id);
});
