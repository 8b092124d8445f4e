import assert from "node:assert/strict";
import { commit } from "./commit.ts";
import { openTestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

const guarded = () => new UnitOfWork().guard(["guard"], null, { v: 1 });

Deno.test("UnitOfWork: ten checks fit, the eleventh is refused", () => {
  const unit = new UnitOfWork();
  for (let index = 0; index < 10; index += 1) unit.check(["c", index], null);
  assert.throws(() => unit.check(["c", 10], null), {
    name: "TypeError",
    message: 'Unit has more than "10" checks',
  });
});

Deno.test("UnitOfWork: 1,000 mutations fit and commit, one more is refused", async () => {
  using test = await openTestStore();
  const unit = guarded();
  for (let index = 1; index < 1_000; index += 1) {
    unit.set(["m", index], { v: 1 });
  }
  assert.throws(() => unit.delete(["d"]), /more than "1000" mutations/);
  assert.equal((await commit(test.store, unit)).ok, true);
});

Deno.test("UnitOfWork: keys of too many bytes together are refused", () => {
  const unit = guarded();
  const key = (index: number) => ["k".repeat(1_990), index];
  assert.throws(() => {
    for (let index = 0; index < 50; index += 1) unit.delete(key(index));
  }, /more than "81920" bytes of keys/);
});

Deno.test("UnitOfWork: a unit of almost 819,200 bytes commits, a larger one is refused", async () => {
  using test = await openTestStore();
  const unit = guarded();
  const value = { v: 1, bytes: new Uint8Array(65_000) };
  for (let index = 0; index < 12; index += 1) unit.set(["b", index], value);
  assert.throws(() => unit.set(["b", 12], value), /more than "819200" bytes/);
  assert.equal((await commit(test.store, unit)).ok, true);
});

Deno.test("UnitOfWork: a value that is too large is named by its key", () => {
  assert.throws(
    () => guarded().set(["a", "b"], { v: 1, text: "x".repeat(70_000) }),
    /Value of key \["a","b"\] has "\d+" bytes/,
  );
});

Deno.test("UnitOfWork: a guarded value leaves room for the token", async () => {
  using test = await openTestStore();
  const text = (length: number) => ({ v: 1, text: "x".repeat(length) });
  let length = 65_536;
  while (true) {
    try {
      new UnitOfWork().guard(["g"], null, text(length));
      break;
    } catch {
      length -= 1;
    }
  }
  const unit = new UnitOfWork().guard(["g"], null, text(length));
  assert.equal((await commit(test.store, unit)).ok, true);
});

Deno.test("UnitOfWork: a unit that nothing guards cannot be committed", () => {
  assert.throws(
    () => new UnitOfWork().set(["k"], { v: 1 }).assertCommittable(),
    /no check/,
  );
  assert.throws(
    () => new UnitOfWork().check(["k"], null).assertCommittable(),
    /no guard/,
  );
});

Deno.test("UnitOfWork: what another unit holds is taken over with its limits", () => {
  const unit = guarded().add(
    new UnitOfWork().check(["a"], null).guard(["b"], null, { v: 1 })
      .delete(["c"]),
  );
  assert.deepEqual(unit.checks.map(({ key }) => key[0]), ["guard", "a", "b"]);
  assert.deepEqual(unit.guards.map(({ check }) => check), [0, 2]);
  assert.equal(unit.mutations.length, 3);
});
