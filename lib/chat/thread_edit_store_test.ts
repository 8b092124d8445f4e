import assert from "node:assert/strict";
import * as keys from "@/lib/kv/keys.ts";
import {
  BRIEF_FAULTS,
  type CommitFault,
  type FaultKv,
} from "@/lib/kv/testing/fault_kv.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { waitFor } from "@/tests/support/wait.ts";
import {
  rowsOf,
  storeDeleted,
  storeThread,
  threadEvents,
  threadStores,
  WORKSPACE,
} from "./testing/stored_threads.ts";

const FAULTS: CommitFault[] = ["drop", "loseAck", "twice", "deny", "mute"];

for (const fault of FAULTS) {
  Deno.test(`ThreadEditStore: a change whose commit suffers "${fault}" counts once`, async () => {
    using test = await openTestStore();
    const { loaded } = await test.drive(
      storeThread(test.store, "completed", 1),
    );
    const { threads, edits } = threadStores(test.store);
    const { id } = loaded.record;
    const load = () => test.drive(threads.loadThread(WORKSPACE, id));

    test.faults.script(fault);
    const record = {
      ...loaded.record,
      title: "Lake",
      pinned: true,
      version: 2,
    };
    assert.ok(
      await test.drive(
        edits.replace(WORKSPACE, loaded, record, ["title", "pinned"]),
      ),
    );
    const renamed = (await load())!;
    assert.deepEqual([renamed.record.title, renamed.record.version], [
      "Lake",
      2,
    ]);

    test.faults.script(fault);
    assert.ok(await test.drive(edits.delete(WORKSPACE, renamed)));
    assert.equal(await load(), null);

    test.faults.script(fault);
    const restored = await test.drive(edits.restore(WORKSPACE, id));
    assert.ok(restored !== null && restored !== "conflict");
    assert.equal(restored.record.version, 4);
    assert.deepEqual(await threadEvents(test.calm), [
      "thread.created",
      "thread.updated",
      "thread.deleted",
      "thread.restored",
    ]);
    const purges = await Array.fromAsync(
      test.calm.kv.list(keys.threadPurges(Infinity)),
    );
    assert.deepEqual(purges, []);
  });
}

Deno.test("ThreadEditStore: a change of a version that is gone does not count, and leaves no group behind", async () => {
  using test = await openTestStore();
  const { loaded } = await test.drive(storeThread(test.store, "completed", 1));
  const { edits } = threadStores(test.store);
  const change = (title: string, pinned: boolean) =>
    test.drive(
      edits.replace(
        WORKSPACE,
        loaded,
        { ...loaded.record, title, pinned, version: 2 },
        ["title"],
      ),
    );
  assert.ok(await change("first", false));
  const before = await rowsOf(test.calm);
  assert.ok(!await change("second", true));
  assert.ok(!await test.drive(edits.delete(WORKSPACE, loaded)));
  assert.deepEqual(await rowsOf(test.calm), before);
});

Deno.test("restore: one that arrives after a purge has begun does not count", async () => {
  using test = await openTestStore();
  const { due } = await test.drive(storeDeleted(test.store, "completed", 3));
  const { threads, edits } = threadStores(test.store);
  test.faults.script("holdBriefly");
  const restored = edits.restore(WORKSPACE, due.thread);
  await waitFor("the restore to be on its way", () => test.faults.held > 0);
  // Another process begins the purge, removes some rows and dies.
  const other = test.calm.kv as FaultKv;
  other.script(null, null, ...Array<CommitFault>(9).fill("hang"));
  const before = (await rowsOf(test.calm)).length;
  const purge = threadStores(test.calm).purges.purge(due).catch(() => null);
  await waitFor("the purge to come so far", () => other.commits === 3);
  assert.ok((await rowsOf(test.calm)).length < before);
  await test.faults.applyHeld();
  assert.equal(await test.drive(restored), "conflict");
  assert.equal(await test.drive(edits.restore(WORKSPACE, due.thread)), null);
  assert.equal(
    await test.drive(threads.loadThread(WORKSPACE, due.thread)),
    null,
  );
  await test.drive(purge);
});

Deno.test("restore and purge: of two at once one counts, and the thread is whole or gone", async () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 60; seed += 1) {
    using test = await openTestStore();
    const { due } = await test.drive(storeDeleted(test.store, "completed", 3));
    const before = await rowsOf(test.calm);
    const { threads, edits } = threadStores(test.store);
    // Another process, whose clock is ahead.
    const { purges } = threadStores(test.calm);
    const random = seededRandom(seed);
    const later = (calls: number) =>
      Array.from({ length: calls }, (_, index) => index).reduce(
        (done) => done.then(() => {}),
        Promise.resolve(),
      );
    test.faults.randomly(seed, 0.2, BRIEF_FAULTS);
    const [restored, purged] = await test.drive(Promise.all([
      later(Math.floor(random() * 20)).then(() =>
        edits.restore(WORKSPACE, due.thread)
      ).catch(() => null),
      later(Math.floor(random() * 20)).then(() => purges.purge(due)),
    ]));
    test.faults.heal();
    const found = await test.drive(threads.loadThread(WORKSPACE, due.thread));
    if (purged.state === "purged") {
      assert.ok(restored === null || restored === "conflict", `seed ${seed}`);
      assert.equal(found, null);
      assert.deepEqual(await rowsOf(test.calm), []);
      ends.add("purged");
    } else if (found !== null) {
      const now = await rowsOf(test.calm);
      assert.deepEqual(now, before.filter((key) => !key.includes('"pg"')));
      ends.add("restored");
    }
  }
  assert.deepEqual([...ends].sort(), ["purged", "restored"]);
});
