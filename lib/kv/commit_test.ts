import assert from "node:assert/strict";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import { get } from "./reads.ts";
import {
  BRIEF_FAULTS,
  type CommitFault,
  type ReadFault,
} from "./testing/fault_kv.ts";
import { openTestStore, type TestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

const KEY = ["counter"];

interface Counter {
  v: 1;
  n: number;
}

/** Reads the counter and commits one more, as a writer outside the lane does. */
async function increment(
  test: TestStore,
  faults: (CommitFault | null)[],
  readFaults: ReadFault[] = [],
) {
  const { value, versionstamp } = await get<Counter>(test.store, KEY);
  const unit = new UnitOfWork()
    .guard(KEY, versionstamp, { v: 1, n: (value?.n ?? 0) + 1 });
  test.faults.script(...faults);
  test.faults.scriptReads(...readFaults);
  return await test.drive(commit(test.store, unit));
}

const counted = async (test: TestStore) =>
  (await get<Counter>(test.store, KEY)).value?.n ?? 0;

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
  Deno.test(`commit: with fault "${fault}" a change counts once and is told as done`, async () => {
    using test = await openTestStore();
    const result = await increment(test, [fault]);
    await test.faults.applyHeld();
    assert.equal(result.ok, true);
    assert.equal(await counted(test), 1);
  });
}

Deno.test("commit: faults one after another, of reads too, still count once", async () => {
  using test = await openTestStore();
  const result = await increment(
    test,
    ["drop", "hold", "loseAck"],
    ["fail", "hang"],
  );
  await test.faults.applyHeld();
  assert.equal(result.ok, true);
  assert.equal(await counted(test), 1);
});

Deno.test("commit: the versionstamp told is that of the change, whatever was lost", async () => {
  using test = await openTestStore();
  const result = await increment(test, ["twice"]);
  const { versionstamp } = await get(test.store, KEY);
  assert.deepEqual(result, { ok: true, versionstamp });
});

Deno.test("commit: a check that does not hold is a conflict and writes nothing", async () => {
  using test = await openTestStore();
  await increment(test, []);
  const unit = new UnitOfWork()
    .guard(["new"], null, { v: 1 })
    .check(KEY, null);
  assert.deepEqual(await commit(test.store, unit), {
    ok: false,
    reason: "conflict",
  });
  assert.equal((await get(test.store, ["new"])).value, null);
});

Deno.test("commit: a commit that arrives after another has won changes nothing", async () => {
  using test = await openTestStore();
  const { clock, faults, store } = test;
  const late = new UnitOfWork().guard(KEY, null, { v: 1, n: 100 })
    .set(["beside"], { v: 1 });
  faults.script("hold");
  const first = commit(store, late);
  const other = new UnitOfWork().guard(KEY, null, { v: 1, n: 1 });
  assert.equal((await commit(store, other)).ok, true);
  assert.deepEqual(await faults.drive(clock, first), {
    ok: false,
    reason: "conflict",
  });
  await faults.applyHeld();
  assert.equal(await counted(test), 1);
  assert.equal((await get(store, ["beside"])).value, null);
});

Deno.test("commit: an outcome that cannot be learned is a StorageError, not a guess", async () => {
  using test = await openTestStore();
  const hangs = Array.from({ length: 20 }, () => "hang" as const);
  await assert.rejects(
    increment(test, ["mute"], hangs),
    (error) =>
      error instanceof StorageError && error.code === "storage_unknown",
  );
});

Deno.test("commit: a unit that the store refuses is told to its writer", async () => {
  using test = await openTestStore();
  await assert.rejects(increment(test, ["refuse"]), {
    name: "TypeError",
    message: "Refused by injection",
  });
  assert.equal(await counted(test), 0);
});

Deno.test("commit: a full disk is told at once, and nothing was written", async () => {
  using test = await openTestStore();
  const full = Array.from({ length: 20 }, () => "full" as const);
  await assert.rejects(
    increment(test, full),
    (error) =>
      error instanceof StorageError && error.code === "storage_unavailable",
  );
  assert.equal(test.clock.monotonic(), 0);
  assert.equal(await counted(test), 0);
});

Deno.test("commit: a full disk after an attempt without an answer leaves the outcome unknown", async () => {
  using test = await openTestStore();
  const full = Array.from({ length: 40 }, () => "full" as const);
  await assert.rejects(
    increment(test, ["hang", ...full]),
    (error) =>
      error instanceof StorageError && error.code === "storage_unknown",
  );
});

Deno.test("commit: a signal that has aborted keeps everything from being sent", async () => {
  using test = await openTestStore();
  const before = test.faults.commits;
  const unit = new UnitOfWork().guard(KEY, null, { v: 1, n: 1 });
  const signal = AbortSignal.abort(new Error("Gone"));
  await assert.rejects(commit(test.store, unit, { signal }), /Gone/);
  assert.equal(test.faults.commits, before);
});

Deno.test("commit: a signal that aborts on the way leaves the outcome unknown", async () => {
  using test = await openTestStore();
  const abort = new AbortController();
  test.faults.script("hang");
  const unit = new UnitOfWork().guard(KEY, null, { v: 1, n: 1 });
  const result = commit(test.store, unit, { signal: abort.signal });
  abort.abort();
  await assert.rejects(
    result,
    (error) =>
      error instanceof StorageError && error.code === "storage_unknown",
  );
});

Deno.test("commit: twenty writers of one key, each trying until it wins, count twenty", async () => {
  using test = await openTestStore();
  test.faults.randomly(7, 0.2, BRIEF_FAULTS);
  const one = async () => {
    while (true) {
      try {
        const { value, versionstamp } = await get<Counter>(test.store, KEY);
        const unit = new UnitOfWork()
          .guard(KEY, versionstamp, { v: 1, n: (value?.n ?? 0) + 1 })
          // A key of its own tells apart "mine was overwritten" and "mine was lost".
          .guard(["mine", crypto.randomUUID()], null, { v: 1 });
        if ((await commit(test.store, unit)).ok) return;
      } catch (error) {
        // A read that failed; a commit that cannot be resolved would be a failure of this test.
        if (
          !(error instanceof StorageError) || error.code === "storage_unknown"
        ) throw error;
      }
    }
  };
  await test.drive(Promise.all(Array.from({ length: 20 }, one)));
  test.faults.heal();
  await test.faults.applyHeld();
  assert.equal(await counted(test), 20);
});
