import assert from "node:assert/strict";
import { cover } from "./usage_cover.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS } from "./usage_grains.ts";
import { chooseSlice } from "./usage_slices.ts";

/** What the first day is put together from at a moment: how many sums of each length, and minutes. */
function made(toMs: number, nowMs: number) {
  const { sums, minutes } = cover([0], toMs, nowMs);
  return {
    days: sums.day.size,
    hours: sums.hour.size,
    quarters: sums.quarter.size,
    minutes: minutes.reduce(
      (sum, { fromMs, toMs }) => sum + (toMs - fromMs) / MINUTE_MS,
      0,
    ),
  };
}

Deno.test("cover: a sum is read only once it has had the time to be added up; before, its parts are", () => {
  const none = { days: 0, hours: 0, quarters: 0, minutes: 0 };
  assert.deepEqual(made(QUARTER_MS, QUARTER_MS), { ...none, minutes: 15 });
  assert.deepEqual(
    made(QUARTER_MS, 2 * QUARTER_MS - 1),
    { ...none, minutes: 15 },
  );
  assert.deepEqual(made(QUARTER_MS, 2 * QUARTER_MS), { ...none, quarters: 1 });
  assert.deepEqual(made(HOUR_MS, 2 * HOUR_MS - 1), { ...none, quarters: 4 });
  assert.deepEqual(made(HOUR_MS, 2 * HOUR_MS), { ...none, hours: 1 });
  assert.deepEqual(
    made(DAY_MS, DAY_MS + 2 * HOUR_MS - 1),
    { ...none, hours: 24 },
  );
  assert.deepEqual(made(DAY_MS, DAY_MS + 2 * HOUR_MS), { ...none, days: 1 });
});

Deno.test("chooseSlice: what has no key is not looked for where only what has one is", () => {
  const need = {
    dimensions: new Set(["key", "user", "model"] as const),
    times: true,
  };
  const chosen = (key: string[]) =>
    chooseSlice({ ...need, filters: { key } }).slice.name;
  assert.equal(chosen(["key_1"]), "byKey");
  assert.equal(chosen([""]), "byUser");
  assert.equal(chosen(["key_1", ""]), "byUser");
});
