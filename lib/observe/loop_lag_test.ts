import assert from "node:assert/strict";
import { createLogger } from "./log.ts";
import { LoopLag } from "./loop_lag.ts";
import { Metrics } from "./metrics.ts";
import { RequestTrace } from "./request_trace.ts";

function rig() {
  let nowMs = 0;
  const lines: string[] = [];
  const metrics = new Metrics();
  const trace = new RequestTrace({
    id: "req_1",
    workspace: "wsp_a",
    method: "GET",
    route: "/",
    source: null,
    startedAtMs: 0,
  }, () => {});
  trace.stages.begin("commit");
  trace.runBegan("run_1");
  const lag = new LoopLag({
    metrics,
    log: createLogger({ write: (line) => lines.push(line), format: "json" }),
    open: () => [trace],
    now: () => nowMs,
  });
  lag.start();
  // Looks are made by hand.
  lag.stop();
  return {
    lag,
    lines,
    metrics,
    look: (afterMs: number) => {
      nowMs += afterMs;
      lag.look();
    },
  };
}

Deno.test("LoopLag: a long turn is told of with the requests that go on and their stages", () => {
  const { lag, lines, look } = rig();
  lag.warns = true;
  look(20 + 80);
  assert.equal(lines.length, 1);
  const { level, durationMs, requests } = JSON.parse(lines[0]);
  assert.deepEqual([level, durationMs, requests], [
    "warn",
    80,
    [{ request: "req_1", run: "run_1", stage: "commit" }],
  ]);
});

Deno.test("LoopLag: short turns, and long ones in production, are measured in silence", async () => {
  const { lag, lines, look, metrics } = rig();
  look(20 + 80);
  lag.warns = true;
  look(20 + 40);
  look(20);
  assert.deepEqual(lines, []);
  const text = await metrics.text();
  assert.match(text, /event_loop_lag_seconds_bucket\{le="0.05"\} 2/);
  assert.match(text, /event_loop_lag_seconds_bucket\{le="0.1"\} 3/);
});
