import assert from "node:assert/strict";
import { Gauges, type GaugeSpec } from "./gauges.ts";

const SPEC: GaugeSpec = {
  id: "memory_bytes",
  title: "Memory",
  unit: "bytes",
  read: () => 12,
};

Deno.test("Gauges.add: an id that is taken or no name is refused", () => {
  const gauges = new Gauges();
  gauges.add(SPEC);
  assert.throws(() => gauges.add(SPEC), /"memory_bytes" is there already/);
  for (const id of ["", "Memory", "a-b", "1st", "x".repeat(41)]) {
    assert.throws(() => gauges.add({ ...SPEC, id }), /wants a name like/);
  }
});

Deno.test("Gauges.add: no more series than the history has room for", () => {
  const gauges = new Gauges();
  assert.throws(() => {
    for (let index = 0; index < 1_000; index += 1) {
      gauges.add({ ...SPEC, id: `gauge_${index}` });
    }
  }, /is one more than/);
});

Deno.test("Gauges.read: one that fails or gives no number reads null, and keeps no other from its own", () => {
  const gauges = new Gauges();
  gauges.add(SPEC);
  gauges.add({
    ...SPEC,
    id: "broken",
    read: () => {
      throw new Error("Gone");
    },
  });
  gauges.add({ ...SPEC, id: "endless", read: () => 1 / 0 });
  gauges.add({ ...SPEC, id: "none", read: () => null });
  assert.deepEqual([...gauges.read()], [
    ["memory_bytes", 12],
    ["broken", null],
    ["endless", null],
    ["none", null],
  ]);
});
