/** Spies, stubs and what is asserted about them. */
import assert from "node:assert/strict";
import {
  assertSpyCall,
  assertSpyCallArg,
  assertSpyCallArgs,
  assertSpyCallAsync,
  assertSpyCalls,
  MockError,
  mockSession,
  mockSessionAsync,
  resolvesNext,
  restore,
  returnsArg,
  returnsNext,
  returnsThis,
  spy,
  stub,
} from "./mock.ts";

class Adder {
  base = 10;
  add(number: number): number {
    if (number < 0) throw new RangeError("Too small");
    return this.base + number;
  }
}

Deno.test("spy: remembers arguments, results and errors of a function", () => {
  const add = spy((a: number, b: number) => a + b);
  assert.equal(add(1, 2), 3);
  assertSpyCalls(add, 1);
  assertSpyCall(add, 0, { args: [1, 2], returned: 3 });
  assertSpyCallArg(add, 0, 1, 2);
  assertSpyCallArgs(add, 0, [1, 2]);
  assertSpyCallArgs(add, 0, 1, [2]);
  assertSpyCallArgs(add, 0, 0, 1, [1]);
  const bare = spy();
  assert.equal(bare("anything"), undefined);
  assertSpyCalls(bare, 1);
});

Deno.test("spy: a method goes on as before until it is restored", () => {
  const adder = new Adder();
  const add = spy(adder, "add");
  assert.equal(adder.add(1), 11);
  assert.throws(() => adder.add(-1), RangeError);
  assertSpyCall(add, 0, { self: adder, args: [1], returned: 11 });
  assertSpyCall(add, 1, { error: { Class: RangeError, msgIncludes: "small" } });
  assert.throws(() => spy(adder, "add"), MockError);
  add.restore();
  assert.equal(add.restored, true);
  assert.ok(!Object.hasOwn(adder, "add"));
  assert.throws(() => add.restore(), MockError);
});

Deno.test("stub: replaces a method, and gives it back when disposed of", () => {
  const adder = new Adder();
  {
    using add = stub(adder, "add", () => 7);
    assert.equal(adder.add(1), 7);
    assert.equal(add.fake.call(adder, 1), 7);
    assertSpyCalls(add, 1);
  }
  assert.equal(adder.add(1), 11);
});

Deno.test("stub: values in turn, then an error", async () => {
  const adder = new Adder();
  using _add = stub(adder, "add", returnsNext([1, new TypeError("two")]));
  assert.equal(adder.add(0), 1);
  assert.throws(() => adder.add(0), TypeError);
  assert.throws(() => adder.add(0), MockError);
  const load = resolvesNext(["a", new TypeError("b")]);
  assert.equal(await load(), "a");
  await assert.rejects(load(), TypeError);
  await assert.rejects(load(), MockError);
});

Deno.test("returnsThis and returnsArg: what they say", () => {
  const self = { me: returnsThis() };
  assert.equal(self.me(), self);
  assert.equal(returnsArg<string>(1)("a", "b"), "b");
});

Deno.test("restore and sessions: take back what was made in them", async () => {
  const adder = new Adder();
  mockSession(() => {
    stub(adder, "add", () => 1);
    assert.equal(adder.add(1), 1);
  })();
  assert.equal(adder.add(1), 11);
  await mockSessionAsync(async () => {
    stub(adder, "add", () => 2);
    await Promise.resolve();
    assert.equal(adder.add(1), 2);
  })();
  assert.equal(adder.add(1), 11);
  stub(adder, "add", () => 3);
  restore();
  assert.equal(adder.add(1), 11);
});

Deno.test("assertions: fail when they should", async () => {
  const add = spy((a: number) => Promise.resolve(a));
  add(1);
  assert.throws(() => assertSpyCalls(add, 2), assert.AssertionError);
  assert.throws(() => assertSpyCall(add, 1), assert.AssertionError);
  assert.throws(
    () => assertSpyCall(add, 0, { args: [2] }),
    assert.AssertionError,
  );
  await assertSpyCallAsync(add, 0, { returned: 1 });
  await assert.rejects(
    assertSpyCallAsync(add, 0, { returned: 2 }),
    assert.AssertionError,
  );
});
