import assert from "node:assert/strict";
import { type MinuteSeries, SERIES_MINUTES } from "./health_history.ts";
import { lineOf, STEP_MINUTES, together } from "./health_series.ts";

const WORST = { unit: "ms", better: "low", across: "worst" } as const;

function series(values: Record<number, number>): MinuteSeries {
  const points: MinuteSeries = new Float32Array(SERIES_MINUTES).fill(NaN);
  for (const [minute, value] of Object.entries(values)) {
    points[Number(minute)] = value;
  }
  return points;
}

Deno.test("lineOf: nothing is known where no process has told anything", () => {
  const line = lineOf(WORST, []);
  assert.equal(line.length, SERIES_MINUTES / STEP_MINUTES);
  assert.ok(line.every((point) => point === null));
});

Deno.test("lineOf: no peak of any process is lost, and a gap stays a gap", () => {
  const line = lineOf(WORST, [
    series({ 0: 4, 1: 900, 80: 6 }),
    series({ 1: 7, 81: 50 }),
  ]);
  assert.deepEqual(line.slice(0, 4), [900, null, 50, null]);
});

Deno.test("lineOf: shares are the mean of their minutes, sums are added up minute by minute", () => {
  const ratio = { unit: "ratio", better: "low", across: "worst" } as const;
  assert.equal(lineOf(ratio, [series({ 0: 0.25, 1: 0.5 })])[0], 0.375);
  const sum = { unit: "count", better: null, across: "sum" } as const;
  const line = lineOf(sum, [series({ 0: 3, 1: 1 }), series({ 0: 2, 2: 9 })]);
  assert.equal(line[0], 9);
});

Deno.test("together: the worst is the lowest where high is better", () => {
  assert.equal(together({ better: "high", across: "worst" }, [0.9, 0.1]), 0.1);
  assert.equal(together({ better: "low", across: "worst" }, [0.9, 0.1]), 0.9);
});
