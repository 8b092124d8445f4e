import assert from "node:assert/strict";
import { StrictKv, StrictKvError } from "./strict_kv.ts";

const absent = { key: ["k"], versionstamp: null };

for (
  const [what, wrong] of [
    ["a set outside an atomic", (kv) => kv.set()],
    ["a delete outside an atomic", (kv) => kv.delete()],
    [
      "an atomic without a check",
      (kv) => kv.atomic().set(["k"], { v: 1 }).commit(),
    ],
    ["sum", (kv) => kv.atomic().check(absent).sum(["k"], 1n).commit()],
    ["mutate", (kv) =>
      kv.atomic().check(absent)
        .mutate({ type: "delete", key: ["k"] }).commit()],
    [
      "a value without a schema version",
      (kv) => kv.atomic().check(absent).set(["k"], { n: 1 }).commit(),
    ],
    ["a value that is too large", (kv) =>
      kv.atomic().check(absent)
        .set(["k"], { v: 1, text: "x".repeat(66_000) }).commit()],
    [
      "eleven checks",
      (kv) =>
        kv.atomic().check(...Array.from({ length: 11 }, () => absent))
          .set(["k"], { v: 1 }).commit(),
    ],
    ["1,001 mutations", (kv) => {
      const operation = kv.atomic().check(absent);
      for (let index = 0; index < 1_001; index += 1) {
        operation.delete(["d", index]);
      }
      return operation.commit();
    }],
    ["too many bytes of keys", (kv) => {
      const operation = kv.atomic().check(absent);
      for (let index = 0; index < 50; index += 1) {
        operation.delete(["d".repeat(1_900), index]);
      }
      return operation.commit();
    }],
    ["too many bytes", (kv) => {
      const operation = kv.atomic().check(absent);
      const value = { v: 1, text: "x".repeat(65_000) };
      for (let index = 0; index < 13; index += 1) {
        operation.set(["k", index], value);
      }
      return operation.commit();
    }],
  ] satisfies [string, (kv: StrictKv) => unknown][]
) {
  Deno.test(`StrictKv: refuses ${what} and remembers it`, async () => {
    using kv = await Deno.openKv(":memory:");
    const strict = new StrictKv(kv);
    await assert.rejects(async () => await wrong(strict), StrictKvError);
    assert.equal(strict.violations.length, 1);
    assert.deepEqual(await Array.fromAsync(kv.list({ prefix: [] })), []);
  });
}

Deno.test("StrictKv: lets a checked atomic through", async () => {
  using kv = await Deno.openKv(":memory:");
  const strict = new StrictKv(kv);
  const operation = strict.atomic().check(absent).set(["k"], { v: 1 });
  assert.equal((await operation.commit()).ok, true);
  assert.deepEqual(strict.violations, []);
});
