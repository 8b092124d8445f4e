/** Sums that are written anew hold what they come to and nothing else, and only by who has the turn. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { get, list } from "@/lib/kv/reads.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { writeLedgerRow } from "./ledger_store.ts";
import { Cells } from "./rollup_cell.ts";
import { randomRow } from "./testing/random_row.ts";
import { UsageFold } from "./usage_fold.ts";
import { DAY_MS, HOUR_MS } from "./usage_grains.ts";
import { UsageRollup } from "./usage_rollup.ts";
import { UsageStore } from "./usage_store.ts";

const SPACE = "wsp_a";
const HOUR = { space: SPACE, grain: "hour", startMs: 0 } as const;
const { signal } = new AbortController();

/** A store with sums, and a mark that says that the first hour is to be added up. */
async function openSums() {
  const test = await openTestStore();
  const { store } = test;
  const usage = new UsageStore(store);
  const markKey = keys.staleUsageKey("hour", HOUR.startMs, SPACE);
  const readMark = async () =>
    (await get(store, markKey, { signal })).versionstamp;
  const mark = async () => {
    const unit = new UnitOfWork()
      .guard(markKey, await readMark(), { v: 1, token: newToken() });
    const result = await test.drive(commit(store, unit));
    assert.ok(result.ok);
    return { key: markKey, versionstamp: result.versionstamp };
  };
  const write = (cells: Cells, held: Awaited<ReturnType<typeof mark>>) =>
    test.drive(usage.sums.write(HOUR, cells, {
      held: { ...held },
      owner: "inc",
      closing: new UnitOfWork().delete(markKey),
      signal,
    }));
  const blobs = async () => {
    const rows = list(store, keys.openBlobs(), { signal });
    return await Array.fromAsync(
      rows,
      ({ key, value }) => ({ blob: keys.parseOpenBlobKey(key), value }),
    );
  };
  return {
    ...test,
    test,
    usage,
    mark,
    readMark,
    write,
    blobs,
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}

/** What so many people have used, one request each. */
function usedBy(prefix: string, people: number): Cells {
  const random = seededRandom(5);
  const cells = new Cells();
  for (let number = 0; number < people; number += 1) {
    const user = `${prefix}_${number}_${"of_many".repeat(12)}`;
    cells.addRow({ ...randomRow(number, random), user });
  }
  return cells;
}

Deno.test("UsageSums.write: what is written anew is there without anything of before", async () => {
  using sums = await openSums();
  const { usage, mark, write } = sums;
  assert.ok(await write(usedBy("first", 40), await mark()));
  const second = usedBy("second", 2);
  assert.ok(await write(second, await mark()));
  const differences = await usage.sums.differences(HOUR, second, signal);
  assert.deepEqual(differences, []);
});

Deno.test("UsageSums.write: of a large sum the blobs stay that it names, and those of before go", async () => {
  using sums = await openSums();
  const { mark, write, blobs } = sums;
  assert.ok(await write(usedBy("first", 2_000), await mark()));
  assert.deepEqual(await blobs(), [], "all blobs have their name");
  const parts = list(sums.store, { prefix: ["sys", "bl"] }, { signal });
  const named = new Set(await Array.fromAsync(parts, ({ key }) => key[2]));
  assert.ok(named.size > 1);
  assert.ok(await write(usedBy("second", 2), await mark()));
  const left = await blobs();
  assert.deepEqual(new Set(left.map(({ blob }) => blob)), named);
  assert.ok(
    left.every(({ value }) => (value as { isDeleted?: true }).isDeleted),
  );
});

Deno.test("UsageSums.write: something that came meanwhile is not said to be in it", async () => {
  using sums = await openSums();
  const { mark, readMark, write } = sums;
  const held = await mark();
  const later = await mark();
  assert.equal(await write(usedBy("first", 3), held), false);
  assert.equal(await readMark(), later.versionstamp);
});

Deno.test("UsageRollup.foldLeft: what a process that lives has yet to fold is left to it", async () => {
  using sums = await openSums();
  const { test, store, clock, usage } = sums;
  const incarnation = await test.drive(startIncarnation(store));
  const owner = { incarnation, subscribe: () => () => {} } as unknown as Owner;
  const fold = new UsageFold({ owner, clock, log: silentLogger() });
  fold.start();
  const row = randomRow(1, seededRandom(1));
  const written = writeLedgerRow(incarnation.lane, SPACE, row);
  await test.drive(written);
  const other = { incarnation: { id: "inc_other" } } as unknown as Owner;
  const rollup = new UsageRollup({ store: usage, owner: other });
  await test.drive(rollup.foldLeft(signal));
  await test.drive(fold.close());
  let requests = 0;
  for await (
    const { cells } of usage.minutes(SPACE, 0, clock.now() + HOUR_MS, signal)
  ) {
    for (const { counters } of cells) requests += counters.requests;
  }
  assert.equal(requests, 1);
  await test.drive(incarnation.lane.drain(1_000));
});

Deno.test("UsageRollup.tidy: nothing goes while something old waits to be added up", async () => {
  using sums = await openSums();
  const { test, store, clock, usage, mark, readMark } = sums;
  const incarnation = await test.drive(startIncarnation(store));
  const owner = { incarnation, subscribe: () => () => {} } as unknown as Owner;
  const workspace = new UnitOfWork()
    .guard(keys.workspaceKey(SPACE), null, { v: 1, id: SPACE } as never);
  assert.ok((await test.drive(commit(store, workspace))).ok);
  const minute = new UnitOfWork().guard(
    keys.usageMinuteKey(SPACE, HOUR.startMs, "inc.1", 0),
    null,
    { v: 1, cells: new Uint8Array() },
  );
  assert.ok((await test.drive(commit(store, minute))).ok);
  const { key } = await mark();
  clock.advance(4 * DAY_MS);
  const rollup = new UsageRollup({ store: usage, owner });
  const minutes = async () => {
    const rows = list(store, keys.usageMinutes(SPACE, 0, DAY_MS), { signal });
    return (await Array.fromAsync(rows)).length;
  };
  await test.drive(rollup.tidy(signal));
  assert.equal(await minutes(), 1);
  const done = new UnitOfWork().check(key, await readMark()).delete(key);
  const token = new UnitOfWork()
    .guard(["sys", "test"], null, { v: 1 }).add(done);
  assert.ok((await test.drive(commit(store, token))).ok);
  await test.drive(rollup.tidy(signal));
  assert.equal(await minutes(), 0);
  await test.drive(incarnation.lane.drain(1_000));
});

Deno.test("UsageDays.rebuild: a sum of what the ledger does not have comes out empty", async () => {
  using sums = await openSums();
  const { test, clock, usage, mark } = sums;
  const dayMs = clock.now() - clock.now() % DAY_MS - DAY_MS;
  const hour = { ...HOUR, startMs: dayMs };
  const held = await mark();
  const cells = usedBy("nobody", 3);
  const options = { held, owner: "inc", signal };
  assert.ok(await test.drive(usage.sums.write(hour, cells, options)));
  const rebuilt = usage.days.rebuild(SPACE, dayMs, { owner: "inc", signal });
  assert.ok(await test.drive(rebuilt));
  const none = new Cells();
  assert.deepEqual(await usage.sums.differences(hour, none, signal), []);
});
