import assert from "node:assert/strict";
import fc from "fast-check";
import { ModelKv } from "./model_kv.ts";

type Operation =
  | {
    type: "commit";
    isChecked: boolean;
    isStale: boolean;
    changes: { key: Deno.KvKey; value: number | null }[];
  }
  | { type: "list"; selector: Deno.KvListSelector; reverse: boolean };

const part = fc.constantFrom<Deno.KvKeyPart>(
  "",
  "a",
  "a\0",
  "b",
  "é",
  "\u{1f600}",
  -1,
  0,
  1.5,
  9,
  10,
);
const key = fc.array(part, { minLength: 1, maxLength: 3 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constant("commit"),
    isChecked: fc.boolean(),
    isStale: fc.boolean(),
    changes: fc.array(
      fc.record({ key, value: fc.option(fc.nat(), { freq: 4 }) }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.record({
    type: fc.constant("list"),
    selector: fc.oneof(
      fc.record({ prefix: key }),
      fc.record({ prefix: key, tail: part })
        .map(({ prefix, tail }) => ({ prefix, start: [...prefix, tail] })),
      fc.record({ prefix: key, tail: part })
        .map(({ prefix, tail }) => ({ prefix, end: [...prefix, tail] })),
    ),
    reverse: fc.boolean(),
  }),
);

/** What a store answers, without the versionstamps, which are its own. */
async function answer(kv: Deno.Kv, operation: Operation): Promise<unknown> {
  if (operation.type === "list") {
    const { selector, reverse } = operation;
    const rows = kv.list(selector, { reverse });
    return (await Array.fromAsync(rows)).map(({ key, value }) => [key, value]);
  }
  const { changes, isChecked, isStale } = operation;
  const atomic = kv.atomic();
  if (isChecked) {
    const [{ key }] = changes;
    const { versionstamp } = await kv.get(key);
    atomic.check({
      key,
      versionstamp: isStale ? "00000000000000000000" : versionstamp,
    });
  }
  for (const { key, value } of changes) {
    if (value === null) atomic.delete(key);
    else atomic.set(key, { v: 1, value });
  }
  const { ok } = await atomic.commit();
  const keys = changes.map(({ key }) => key);
  const entries = await kv.getMany<unknown[]>(keys);
  return [ok, entries.map(({ key, value }) => [key, value])];
}

Deno.test("ModelKv: commits, reads and lists as Deno KV does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 12 }),
      async (operations) => {
        using real = await Deno.openKv(":memory:");
        const model = new ModelKv();
        for (const operation of operations) {
          assert.deepEqual(
            await answer(model, operation),
            await answer(real, operation),
          );
        }
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("ModelKv: a list goes on from its cursor as that of Deno KV does", async () => {
  using real = await Deno.openKv(":memory:");
  for (const kv of [new ModelKv(), real]) {
    const atomic = kv.atomic();
    for (let n = 0; n < 5; n += 1) atomic.set(["row", n], { v: 1 });
    await atomic.commit();
    for (const [reverse, numbers] of [[false, [2, 3]], [true, [2, 1]]]) {
      const options = { limit: 2, reverse: reverse === true };
      const first = kv.list({ prefix: ["row"] }, options);
      await Array.fromAsync(first);
      const { cursor } = first;
      const next = kv.list({ prefix: ["row"] }, { ...options, cursor });
      const keys = (await Array.fromAsync(next)).map(({ key }) => key[1]);
      assert.deepEqual(keys, numbers);
    }
  }
});

Deno.test("ModelKv: a key may end with the versionstamp of its commit, as in Deno KV", async () => {
  using real = await Deno.openKv(":memory:");
  for (const kv of [new ModelKv(), real]) {
    const key = ["event", kv.commitVersionstamp()] as Deno.KvKey;
    const committed = await kv.atomic().set(key, { v: 1 }).commit();
    assert.ok(committed.ok);
    const [row] = await Array.fromAsync(kv.list({ prefix: ["event"] }));
    assert.deepEqual(row.key, ["event", committed.versionstamp]);
    assert.equal(row.versionstamp, committed.versionstamp);
  }
});
