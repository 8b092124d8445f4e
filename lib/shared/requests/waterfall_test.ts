import assert from "node:assert/strict";
import type { RequestStage } from "./request_view.ts";
import { waterfallOf } from "./waterfall.ts";

function stage(
  name: string,
  startMs: number,
  durationMs: number | null,
  more: Partial<RequestStage> = {},
): RequestStage {
  return { name, startMs, durationMs, outcome: "ok", error: null, ...more };
}

Deno.test("waterfallOf: without stages there are no bars, and a scale all the same", () => {
  const { bars, ticks } = waterfallOf([], 0);
  assert.deepEqual(bars, []);
  assert.equal(ticks[0].ms, 0);
});

Deno.test("waterfallOf: what was waited between a failed try and the next is a bar of its own", () => {
  const { bars } = waterfallOf([
    stage("auth", 0, 2),
    stage("provider.connect", 10, 60, {
      outcome: "failed",
      error: "rate_limit_exceeded",
    }),
    stage("provider.connect", 900, 100),
    stage("provider.first_token", 1_000, 500),
    stage("stream", 1_500, 500),
  ], 2_000);
  assert.deepEqual(
    bars.map(({ name, kind, x, width }) => [name, kind, x, width]),
    [
      ["auth", "ours", 0, 0.45],
      ["provider.connect", "fail", 0.5, 3],
      ["wait", "wait", 3.5, 41.5],
      ["provider.connect", "provider", 45, 5],
      ["provider.first_token", "provider", 50, 25],
      ["stream", "stream", 75, 25],
    ],
  );
});

Deno.test("waterfallOf: tries that follow at once have no wait between them", () => {
  const { bars } = waterfallOf([
    stage("provider.connect", 0, 50, { outcome: "failed" }),
    stage("provider.connect", 51, 50),
  ], 101);
  assert.equal(bars.length, 2);
});

Deno.test("waterfallOf: a stage that goes on reaches to the end, one behind it stays in the picture", () => {
  const { bars } = waterfallOf([
    stage("stream", 500, null),
    stage("commit", 1_200, 0),
  ], 1_000);
  assert.deepEqual(bars.map(({ isRunning }) => isRunning), [true, false]);
  for (const { x, width } of bars) assert.ok(x + width <= 100.5, `${x}`);
});

Deno.test("waterfallOf: the scale has few round marks at any length", () => {
  for (const totalMs of [0.3, 1, 7, 90, 999, 6_312, 61_000, 3_600_000]) {
    const { ticks } = waterfallOf([], totalMs);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${totalMs} ms`);
    for (const { x } of ticks) assert.ok(x >= 0 && x <= 97);
  }
});
