/** Island props survive the way to the browser. */
import assert from "node:assert/strict";
import { computed, Signal, signal } from "@preact/signals";
import { h } from "preact";
import { deserialize } from "./deserialize.ts";
import { SlotReference } from "./island_props.ts";
import { serialize } from "./serialize.ts";

function roundTrip<T>(value: T): T {
  return deserialize(serialize(value), (id, name) => `slot ${id} ${name}`) as T;
}

Deno.test("serialize: primitives, special numbers among them", () => {
  const values = [
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1.5,
    NaN,
    Infinity,
    -Infinity,
    12345678901234567890n,
    -1n,
    "",
    "a\u2028</script>",
    "\ud800",
  ];
  for (const value of values) {
    assert.ok(Object.is(roundTrip(value), value), String(value));
  }
  assert.deepEqual(roundTrip({ values }), { values });
});

Deno.test("serialize: objects of the platform", () => {
  const value = {
    date: new Date(1234),
    invalid: new Date(NaN),
    url: new URL("https://example.com/a?b#c"),
    regexp: /a\/(?<b>c)/giu,
    bytes: new Uint8Array([0, 1, 254, 255]),
    set: new Set<unknown>([1, "1", [2]]),
    map: new Map<unknown, unknown>([[[1], { a: 2 }], ["k", null]]),
  };
  assert.deepEqual(roundTrip(value), value);
});

Deno.test("serialize: sparse arrays keep their holes", () => {
  const sparse: unknown[] = [];
  sparse[2] = undefined;
  const copy = roundTrip(sparse);
  assert.equal(copy.length, 3);
  assert.deepEqual(Object.keys(copy), ["2"]);
});

Deno.test("serialize: keys that JavaScript treats specially", () => {
  const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}');
  const copy = roundTrip(value);
  assert.deepEqual(Object.keys(copy), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});

Deno.test("serialize: cycles and shared references stay so", () => {
  const shared = { name: "shared" };
  const value: Record<string, unknown> = {
    a: shared,
    b: [shared],
    set: new Set([shared]),
  };
  value.self = value;
  const copy = roundTrip(value) as typeof value & { b: unknown[] };
  assert.equal(copy.self, copy);
  assert.equal(copy.b[0], copy.a);
  assert.ok((copy.set as Set<unknown>).has(copy.a));
});

Deno.test("serialize: a signal stays one signal, a computed is frozen", () => {
  const count = signal({ n: 1 });
  const value = { first: count, second: count, sum: computed(() => 5) };
  const copy = roundTrip(value);
  assert.ok(copy.first instanceof Signal);
  assert.equal(copy.first, copy.second);
  copy.first.value = { n: 2 };
  assert.deepEqual(copy.second.value, { n: 2 });
  assert.equal(copy.sum.value, 5);
  assert.throws(() => {
    (copy.sum as Signal<number>).value = 6;
  }, TypeError);
});

Deno.test("serialize: Temporal values where the runtime has them", {
  ignore: !("Temporal" in globalThis),
}, () => {
  const values = [
    Temporal.Instant.from("2026-01-02T03:04:05.123456789Z"),
    Temporal.ZonedDateTime.from("2026-01-02T03:04[Europe/Berlin]"),
    Temporal.PlainDate.from("2026-01-02"),
    Temporal.PlainTime.from("03:04:05"),
    Temporal.PlainDateTime.from("2026-01-02T03:04:05"),
    Temporal.PlainYearMonth.from("2026-01"),
    Temporal.PlainMonthDay.from("01-02"),
    Temporal.Duration.from("P1DT2H"),
  ];
  for (const value of values) {
    const copy = roundTrip(value);
    assert.equal(copy.constructor, value.constructor);
    assert.equal(String(copy), String(value));
  }
});

Deno.test("serialize: class instances lose their prototype", () => {
  class Point {
    x = 1;
    get double() {
      return this.x * 2;
    }
  }
  const copy = roundTrip(new Point());
  assert.deepEqual(copy, { x: 1 });
});

Deno.test("serialize: slots are resolved by the reader", () => {
  assert.deepEqual(roundTrip({ children: new SlotReference(3, "children") }), {
    children: "slot 3 children",
  });
});

Deno.test("serialize: functions, symbols and hidden markup are refused", () => {
  assert.throws(() => serialize({ onClick: () => {} }), TypeError);
  assert.throws(() => serialize([Symbol("a")]), TypeError);
  assert.throws(() => serialize({ deep: { b: h("b", null) } }), TypeError);
});

Deno.test("serialize: a list of 100,000 linked objects needs no deep stack", () => {
  interface Node {
    next: Node | null;
  }
  let list: Node = { next: null };
  for (let count = 0; count < 100_000; count++) list = { next: list };
  let length = 0;
  for (let node: Node | null = roundTrip(list); node; node = node.next) {
    length++;
  }
  assert.equal(length, 100_001);
});
