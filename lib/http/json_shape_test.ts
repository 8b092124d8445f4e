import assert from "node:assert/strict";
import { brokenJsonLimit } from "./json_shape.ts";

const LIMITS = { depth: 3, values: 5 };
const broken = (text: string) =>
  brokenJsonLimit(new TextEncoder().encode(text), LIMITS);

Deno.test("brokenJsonLimit: counts nesting of objects and arrays alike", () => {
  assert.equal(broken('{"a":[{"b":1}]}'), null);
  assert.equal(broken('{"a":[{"b":[]}]}'), "depth");
  assert.equal(broken("[[],[],[]]"), "values");
  assert.equal(broken("[[[]]]"), null);
  assert.equal(broken("[[[[]]]]"), "depth");
});

Deno.test("brokenJsonLimit: counts values", () => {
  assert.equal(broken("[1,2,3,4,5]"), null);
  assert.equal(broken("[1,2,3,4,5,6]"), "values");
  assert.equal(broken('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}'), "values");
});

Deno.test("brokenJsonLimit: what stands in a string does not count", () => {
  assert.equal(broken('["[[[[,,,,,,\\"[[[[,,,,,,"]'), null);
  assert.equal(broken('["\\\\",[[[]]]]'), "depth");
  assert.equal(broken('["ä€😀",1]'), null);
});
