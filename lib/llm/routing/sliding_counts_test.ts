import assert from "node:assert/strict";
import { SlidingCounts } from "./sliding_counts.ts";

Deno.test("SlidingCounts: counts of each kind by itself", () => {
  const counts = new SlidingCounts(["up", "down"], 1000);
  counts.add("up", 0);
  counts.add("up", 10);
  counts.add("down", 20);
  assert.deepEqual([counts.sum("up", 20), counts.sum("down", 20)], [2, 1]);
});

Deno.test("SlidingCounts: what is older than the window is gone", () => {
  const counts = new SlidingCounts(["up"], 1000);
  counts.add("up", 50);
  counts.add("up", 650);
  assert.equal(counts.sum("up", 900), 2);
  assert.equal(counts.sum("up", 1050), 1);
  assert.equal(counts.sum("up", 1_000_000), 0);
});

Deno.test("SlidingCounts.clear: forgets everything and counts on", () => {
  const counts = new SlidingCounts(["up"], 1000);
  counts.add("up", 500);
  counts.clear();
  counts.add("up", 510);
  assert.equal(counts.sum("up", 520), 1);
});
