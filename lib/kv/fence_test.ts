import assert from "node:assert/strict";
import { commit } from "./commit.ts";
import { fence } from "./fence.ts";
import { startIncarnation } from "./incarnation.ts";
import { fenceKey, laneKey, runKey } from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { openStore } from "./open.ts";
import { get } from "./reads.ts";
import type { Store } from "./store.ts";
import { openTestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** A store on a file in a folder of its own, for as many processes as a test wants. */
async function onFile(
  test: (path: string, open: () => Promise<Store>) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  const stores: Store[] = [];
  try {
    await test(path, async () => {
      const store = await openStore({ location: path });
      stores.push(store);
      return store;
    });
  } finally {
    for (const store of stores) store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("startIncarnation: fence key and lane head are born together", async () => {
  using test = await openTestStore();
  const { id } = await startIncarnation(test.store, { host: "h", build: "b" });
  const born = await get(test.store, fenceKey(id));
  const head = await get<LaneHead>(test.store, laneKey(id, 0));
  assert.equal(born.versionstamp, head.versionstamp);
  assert.equal(head.value?.n, 0);
  assert.equal(head.value?.state, "open");
});

Deno.test("startIncarnation: a birth whose answer is lost is one birth", async () => {
  using test = await openTestStore();
  test.faults.script("loseAck");
  const incarnation = await test.drive(startIncarnation(test.store));
  await incarnation.lane.write({
    urgency: "now",
    sets: [{ key: ["k"], value: { v: 1 } }],
  });
  assert.equal(incarnation.lane.n, 1);
});

Deno.test("Incarnation.checkFence: a unit that names a fenced owner does not commit", async () => {
  using test = await openTestStore();
  const incarnation = await startIncarnation(test.store);
  const start = (run: string) => {
    const unit = new UnitOfWork()
      .guard(runKey("wsp_1", run), null, { v: 1 });
    return commit(test.store, incarnation.checkFence(unit));
  };
  assert.equal((await start("run_1")).ok, true);
  await fence(test.store, incarnation.id);
  assert.deepEqual(await start("run_2"), { ok: false, reason: "conflict" });
});

Deno.test("fence: keeps number and token of the last batch, and is told as done when its answer is lost", async () => {
  using test = await openTestStore();
  const { id, lane } = await startIncarnation(test.store);
  await lane.renew();
  const key = laneKey(id, 0);
  const before = await get<LaneHead>(test.store, key);
  test.faults.script("twice");
  assert.equal(await test.drive(fence(test.store, id)), true);
  const after = await get<LaneHead>(test.store, key);
  assert.equal(after.value?.state, "fenced");
  assert.equal(after.value?.n, before.value?.n);
  assert.equal(after.value?.token, before.value?.token);
  assert.equal(after.value?.replaced, before.versionstamp);
  assert.equal((await get(test.store, fenceKey(id))).value, null);
});

Deno.test("fence: fences once", async () => {
  using test = await openTestStore();
  const { id } = await startIncarnation(test.store);
  assert.equal(await fence(test.store, id), true);
  assert.equal(await fence(test.store, id), false);
});

Deno.test("Incarnation.release: leaves no lock behind", async () => {
  await onFile(async (path, open) => {
    const incarnation = await startIncarnation(await open());
    const locks = `${path.replace("freshet.db", "")}inc`;
    assert.equal((await Array.fromAsync(Deno.readDir(locks))).length, 1);
    await incarnation.release(5_000);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(locks)), []);
  });
});
