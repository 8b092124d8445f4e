import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { RunRecord } from "./records.ts";
import {
  answer,
  AT,
  rowsOf,
  storeDeleted,
  threadEvents,
  threadStores,
  WORKSPACE,
} from "./testing/stored_threads.ts";
import { THREAD_UNDO_MS } from "./thread_edit_store.ts";
import type { DuePurge, PurgeOutcome } from "./thread_purge_store.ts";
import { LIST_ENTRY, listKey, openTextKeys } from "./thread_store.ts";

const EVENTS = ["thread.created", "thread.deleted", "thread.purged"];

/** Purges again and again, as sweeps do, until nothing is left to do. */
async function purgeToTheEnd(
  test: TestStore,
  due: DuePurge,
): Promise<PurgeOutcome["state"][]> {
  const { purges } = threadStores(test.store);
  const states: PurgeOutcome["state"][] = [];
  while (states.length < 200 && states.at(-1) !== "gone") {
    try {
      states.push((await test.drive(purges.purge(due))).state);
    } catch {
      states.push("contended");
    }
  }
  assert.equal(states.at(-1), "gone");
  return states;
}

Deno.test("purge: removes every row and tells of it once", async () => {
  using test = await openTestStore();
  const { due } = await test.drive(storeDeleted(test.store, "completed"));
  assert.deepEqual(await purgeToTheEnd(test, due), ["purged", "gone"]);
  assert.deepEqual(await rowsOf(test.calm), []);
  assert.deepEqual(await threadEvents(test.calm), EVENTS);
});

Deno.test("purge: whatever answers are lost, doubled or denied, all rows go and it is told once", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    using test = await openTestStore();
    const { due } = await test.drive(storeDeleted(test.store, "completed"));
    test.faults.randomly(seed, 0.1, BRIEF_FAULTS);
    await purgeToTheEnd(test, due);
    test.faults.heal();
    assert.deepEqual(await rowsOf(test.calm), [], `seed ${seed}`);
    assert.deepEqual(await threadEvents(test.calm), EVENTS);
  }
});

Deno.test("purge: killed after any of its commits, the next one goes on; the thread is gone all the time", async () => {
  for (let commits = 0;; commits += 1) {
    using test = await openTestStore();
    const { due } = await test.drive(storeDeleted(test.store, "completed"));
    const { threads, edits, purges } = threadStores(test.store);
    // After so many commits nothing is answered any more: the process is gone for the store.
    test.faults.script(
      ...Array<null>(commits).fill(null),
      ...Array<"hang">(9).fill("hang"),
    );
    const first = await test.drive(
      purges.purge(due).then(({ state }) => state, () => "killed"),
    );
    test.faults.heal();
    if (commits > 0 && first !== "purged") {
      assert.equal(
        await test.drive(edits.restore(WORKSPACE, due.thread)),
        null,
      );
    }
    assert.equal(
      await test.drive(threads.loadThread(WORKSPACE, due.thread)),
      null,
    );
    await purgeToTheEnd(test, due);
    assert.deepEqual(await rowsOf(test.calm), [], `after ${commits} commits`);
    assert.deepEqual(await threadEvents(test.calm), EVENTS);
    if (first === "purged") {
      assert.ok(commits > 5, `only ${commits} commits`);
      return;
    }
  }
});

Deno.test("purge: a commit that arrives late harms nothing", async () => {
  for (let at = 0; at < 5; at += 1) {
    using test = await openTestStore();
    const { due } = await test.drive(storeDeleted(test.store, "completed"));
    const other = await test.drive(storeDeleted(test.store, "completed", 2));
    const { purges } = threadStores(test.store);
    test.faults.script(...Array<null>(at).fill(null), "hold");
    await test.drive(purges.purge(due).catch(() => {}));
    await purgeToTheEnd(test, due);
    const before = await rowsOf(test.calm);
    await test.faults.applyHeld();
    assert.deepEqual(await rowsOf(test.calm), before);
    assert.ok(before.some((key) => key.includes(other.due.thread)));
  }
});

Deno.test("purge: two at once remove all rows and tell of it once", async () => {
  using test = await openTestStore();
  const { due } = await test.drive(storeDeleted(test.store, "completed"));
  const here = threadStores(test.store).purges;
  const there = threadStores(test.calm).purges;
  const states: string[] = [];
  while (!states.includes("purged")) {
    const both = await test.drive(
      Promise.all([here.purge(due), there.purge(due)]),
    );
    states.push(...both.map(({ state }) => state));
  }
  assert.equal(states.filter((state) => state === "purged").length, 1);
  assert.deepEqual(await rowsOf(test.calm), []);
  assert.deepEqual(await threadEvents(test.calm), EVENTS);
});

Deno.test("purge: waits for a run that has not ended, and takes what its end has written", async () => {
  using test = await openTestStore();
  const { due, newestRun: running } = await test.drive(
    storeDeleted(test.store, "running"),
  );
  const { threads, purges } = threadStores(test.store);
  const before = await rowsOf(test.calm);
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual(await test.drive(purges.purge(due)), {
      state: "answering",
      runId: running.id,
    });
  }
  assert.deepEqual(await rowsOf(test.calm), before);
  // What the end of a run writes, whether or not the thread was deleted meanwhile.
  const ended: RunRecord = { ...running, status: "cancelled" };
  const updatedAt = "2026-01-01T00:00:10.000Z";
  const runKey = keys.runKey(WORKSPACE, running.id);
  const { versionstamp } = await test.calm.kv.get(runKey);
  const text = await test.drive(threads.writeText("y".repeat(100_000)));
  const end = new UnitOfWork()
    .guard(runKey, versionstamp, ended)
    .set(
      keys.messageKey(WORKSPACE, due.thread, ended.messageId),
      answer(ended, text),
    )
    .set(keys.threadActivityKey(WORKSPACE, due.thread), {
      v: 1,
      updatedAt,
      activeRunId: null,
      unread: true,
    })
    .delete(listKey(WORKSPACE, due.thread, AT))
    .set(listKey(WORKSPACE, due.thread, updatedAt), LIST_ENTRY)
    .set(keys.runLogKey(WORKSPACE, ended.id, 1, 99), { v: 1 });
  for (const open of openTextKeys(text)) end.delete(open);
  assert.ok((await test.drive(commit(test.store, end))).ok);
  assert.equal(
    await test.drive(threads.loadThread(WORKSPACE, due.thread)),
    null,
  );
  assert.deepEqual(await purgeToTheEnd(test, due), ["purged", "gone"]);
  // Parts of the text that the end replaced belong to no message; they go with the sweep of such parts.
  const left = (await rowsOf(test.calm)).filter((key) => !key.includes('"bl"'));
  assert.deepEqual(left, []);
});

Deno.test("restore: within 30 s it undoes a deletion, then no more, and a purge that was listed does nothing", async () => {
  using test = await openTestStore();
  const { due } = await test.drive(storeDeleted(test.store, "completed", 1));
  const { threads, edits, purges } = threadStores(test.store);
  const list = (nowMs: number) =>
    test.drive(Array.fromAsync(purges.due(nowMs)));
  assert.deepEqual(await list(due.dueAtMs), []);
  assert.deepEqual(await list(due.dueAtMs + 1), [due]);
  test.clock.advance(THREAD_UNDO_MS - 1);
  const restored = await test.drive(edits.restore(WORKSPACE, due.thread));
  assert.ok(restored !== null && restored !== "conflict");
  assert.equal(restored.record.version, 3);
  assert.deepEqual(await test.drive(purges.purge(due)), { state: "gone" });

  assert.ok(await test.drive(edits.delete(WORKSPACE, restored)));
  test.clock.advance(THREAD_UNDO_MS);
  assert.equal(await test.drive(edits.restore(WORKSPACE, due.thread)), null);
  assert.equal(
    await test.drive(threads.loadThread(WORKSPACE, due.thread)),
    null,
  );
});
