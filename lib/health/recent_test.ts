import assert from "node:assert/strict";
import { Recent } from "./recent.ts";

function threeSeconds() {
  let nowMs = 0;
  const recent = new Recent({
    slots: 3,
    slotMs: 1_000,
    make: () => [] as string[],
    now: () => nowMs,
  });
  return { recent, goTo: (ms: number) => void (nowMs = ms) };
}

Deno.test("Recent: what is older than its slots is forgotten, what is not is kept in its order", () => {
  const { recent, goTo } = threeSeconds();
  for (const second of [0, 1, 2]) {
    goTo(second * 1_000);
    recent.current.push(`at ${second}`);
  }
  assert.deepEqual(recent.all, [["at 0"], ["at 1"], ["at 2"]]);
  goTo(3_999);
  assert.deepEqual(recent.all, [["at 1"], ["at 2"]]);
  recent.current.push("at 3");
  assert.deepEqual(recent.all, [["at 1"], ["at 2"], ["at 3"]]);
});

Deno.test("Recent: nothing of before is left after a pause longer than all slots", () => {
  const { recent, goTo } = threeSeconds();
  recent.current = ["before"];
  goTo(60_000);
  assert.deepEqual(recent.all, []);
  recent.current = ["after"];
  assert.deepEqual(recent.all, [["after"]]);
});
