import assert from "node:assert/strict";
import { toBurnDown } from "./usage_page_budget.ts";

const DAY_MS = 86_400_000;
const START = Date.parse("2026-11-01T00:00:00Z");
const END = Date.parse("2026-12-01T00:00:00Z");
const NOW = Date.parse("2026-11-11T12:00:00Z");
const MILLION = 1_000_000;

function burnDown({ spentUsd = 100, limitUsd = 300, paceUsd = 10 }) {
  const series = Array.from({ length: 11 }, (_, day) => ({
    startMs: START + day * DAY_MS,
    costMicroUsd: 9 * MILLION,
  }));
  return toBurnDown(
    {
      startMs: START,
      endMs: END,
      limitMicroUsd: limitUsd * MILLION,
      spentMicroUsd: spentUsd * MILLION,
      period: "month",
    },
    // Only these of its numbers are read.
    { series } as unknown as Parameters<typeof toBurnDown>[1],
    paceUsd * MILLION / DAY_MS,
    NOW,
  );
}

Deno.test("toBurnDown: the last point is what the budget itself says, not the sums", () => {
  const { points, leftMicroUsd } = burnDown({});
  assert.equal(points.length, 11);
  assert.equal(points[0].leftMicroUsd, 290 * MILLION);
  assert.equal(points.at(-1)!.leftMicroUsd, leftMicroUsd);
  assert.equal(leftMicroUsd, 200 * MILLION);
  assert.equal(points.at(-1)!.at, 10.5 / 30);
});

Deno.test("toBurnDown: a budget that was set in the middle of its period is full until it counts", () => {
  const lefts = burnDown({ spentUsd: 20 }).points.map(({ leftMicroUsd }) =>
    leftMicroUsd / MILLION
  );
  assert.deepEqual(lefts, [...Array(8).fill(300), 298, 289, 280]);
});

Deno.test("toBurnDown: says what remains at the end, when it lasts", () => {
  const { forecast, forecastMicroUsd } = burnDown({});
  assert.equal(forecastMicroUsd, 5 * MILLION);
  assert.equal(
    forecast,
    "At the pace of the last 14 days about $5.00 of $300.00 remains on 30 Nov.",
  );
});

Deno.test("toBurnDown: says when it is used up, when it does not last", () => {
  const { forecast } = burnDown({ paceUsd: 20 });
  assert.equal(
    forecast,
    "At the pace of the last 14 days it is used up on 21 Nov.",
  );
});

Deno.test("toBurnDown: says that it is used up, also beyond its limit", () => {
  for (const spentUsd of [300, 350]) {
    assert.match(burnDown({ spentUsd }).forecast, /^It is used up/);
  }
});
