import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import { get, getMany, list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

async function openRows(count: number) {
  const test = await openTestStore();
  const unit = new UnitOfWork().guard(["guard"], null, { v: 1 });
  for (let index = 0; index < count; index += 1) {
    unit.set(["row", index], { v: 1, index });
  }
  await commit(test.store, unit);
  return test;
}

const ROWS = { prefix: ["row"] };
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

for (
  const [what, options, expected] of [
    ["all rows over several batches", {}, range(450)],
    ["rows of whole batches only", { batchSize: 150 }, range(450)],
    ["a limit inside a batch", { limit: 7 }, range(7)],
    ["a limit at the end of a batch", { limit: 200 }, range(200)],
    ["a limit beyond the rows", { limit: 1_000 }, range(450)],
    [
      "the last rows first",
      { reverse: true, limit: 250 },
      range(450).reverse().slice(0, 250),
    ],
    ["no rows for a limit of none", { limit: 0 }, []],
  ] as const
) {
  Deno.test(`list: gives ${what}`, async () => {
    using test = await openRows(450);
    const rows = await Array.fromAsync(
      list<{ index: number }>(test.store, ROWS, options),
    );
    assert.deepEqual(rows.map(({ value }) => value.index), expected);
  });
}

Deno.test("list: never fetches more than 200 rows at a time", async () => {
  using test = await openRows(450);
  const sizes: (number | undefined)[] = [];
  const { kv } = test.store;
  const spied: Deno.Kv = Object.create(kv, {
    list: {
      value: (selector: Deno.KvListSelector, options: Deno.KvListOptions) => {
        sizes.push(options.batchSize);
        return kv.list(selector, options);
      },
    },
  });
  const store = { ...test.store, kv: spied };
  await Array.fromAsync(list(store, ROWS, { batchSize: 5_000 }));
  assert.deepEqual(sizes, [200, 200, 200]);
});

/** Rows that come without any waiting, as from a store that has them in memory. */
class RowsAtHand implements Deno.KvListIterator<unknown> {
  readonly cursor = "next";
  #left: number;

  constructor(count: number) {
    this.#left = count;
  }

  next(): Promise<IteratorResult<Deno.KvEntry<unknown>, undefined>> {
    this.#left -= 1;
    if (this.#left < 0) {
      return Promise.resolve({ done: true, value: undefined });
    }
    const value = { key: ["row"], value: null, versionstamp: "0" };
    return Promise.resolve({ done: false, value });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

Deno.test("list: the event loop has its turn between batches, however fast rows come", async () => {
  using test = await openTestStore();
  const kv: Deno.Kv = Object.create(test.store.kv, {
    list: {
      value: (_: Deno.KvListSelector, { limit }: Deno.KvListOptions) =>
        new RowsAtHand(limit ?? 0),
    },
  });
  const rows = list({ ...test.store, kv }, ROWS, { limit: 400 });
  await rows.next();
  let turned = false;
  setImmediate(() => turned = true);
  for (let row = 1; row < 200; row += 1) await rows.next();
  assert.equal(turned, false);
  await rows.next();
  assert.equal(turned, true);
  await rows.return();
});

Deno.test("getMany: gives 25 keys in the order asked, absent ones as null", async () => {
  using test = await openRows(20);
  const keys = range(25).reverse().map((index) => ["row", index]);
  const entries = await getMany<({ index: number } | null)[]>(
    test.store,
    keys,
  );
  assert.deepEqual(
    entries.map(({ value }) => value?.index ?? null),
    range(25).reverse().map((index) => index < 20 ? index : null),
  );
});

for (
  const [name, read] of [
    ["get", (store) => get(store, ["row", 1])],
    ["getMany", (store) => getMany(store, [["row", 1]])],
    ["list", (store) => Array.fromAsync(list(store, ROWS))],
  ] satisfies [
    string,
    (
      store: Awaited<ReturnType<typeof openRows>>["store"],
    ) => Promise<unknown>,
  ][]
) {
  Deno.test(`${name}: a store that does not answer is a StorageError after the deadline`, async () => {
    using test = await openRows(3);
    test.faults.scriptReads("hang");
    const before = test.clock.monotonic();
    await assert.rejects(test.drive<unknown>(read(test.store)), StorageError);
    assert.equal(test.clock.monotonic() - before, test.store.deadlineMs);
  });

  Deno.test(`${name}: a store that fails is a StorageError with its cause`, async () => {
    using test = await openRows(3);
    test.faults.scriptReads("fail");
    await assert.rejects(
      read(test.store),
      (error) =>
        error instanceof StorageError && error.cause instanceof Error &&
        error.cause.name === "InjectedError",
    );
  });
}

Deno.test("list: ends with its signal", async () => {
  using test = await openRows(450);
  const abort = new AbortController();
  const rows = list(test.store, ROWS, { signal: abort.signal });
  await rows.next();
  abort.abort(new Error("Gone"));
  await assert.rejects(Array.fromAsync(rows), /Gone/);
});

Deno.test("get: a signal that aborts ends the wait with its reason", async () => {
  using test = await openRows(1);
  test.faults.scriptReads("hang");
  const abort = new AbortController();
  const reading = get(test.store, ["row", 0], { signal: abort.signal });
  abort.abort(new Error("Gone"));
  await assert.rejects(reading, /Gone/);
});

Deno.test("get, getMany: a key longer than the store takes names nothing", async () => {
  using test = await openRows(2);
  const tooLong = ["row", "x".repeat(5_000)];
  assert.equal((await get(test.store, tooLong)).versionstamp, null);
  const entries = await getMany<{ index: number }[]>(test.store, [
    ["row", 0],
    tooLong,
    ["row", 1],
  ]);
  assert.deepEqual(entries.map(({ value }) => value?.index), [0, undefined, 1]);
});
