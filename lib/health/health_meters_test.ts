import assert from "node:assert/strict";
import { RequestTrace } from "@/lib/observe/request_trace.ts";
import type { RequestSource } from "@/lib/observe/request_record.ts";
import { HealthMeters } from "./health_meters.ts";

const MINUTE_MS = 60_000;

function rig() {
  let nowMs = 0;
  const meters = new HealthMeters(() => nowMs);
  const over = (
    status: number,
    { route = "/api/threads", source = null }: {
      route?: string;
      source?: RequestSource | null;
    } = {},
    tookMs = 10,
  ) => {
    const trace = new RequestTrace({
      id: "req_1",
      workspace: "wsp_1",
      method: "GET",
      route,
      source,
      startedAtMs: 0,
    }, () => {});
    trace.answered = { status, overheadMs: tookMs, totalMs: tookMs };
    meters.requestOver(trace);
  };
  return { meters, over, goOn: (ms: number) => void (nowMs += ms) };
}

Deno.test("HealthMeters.errorRatio: too few requests tell nothing, three failures tell at once", () => {
  const { meters, over } = rig();
  assert.equal(meters.errorRatio, null);
  over(200);
  over(500);
  over(500);
  assert.equal(meters.errorRatio, null);
  over(502);
  assert.equal(meters.errorRatio, 3 / 4);
});

Deno.test("HealthMeters.errorRatio: what is polled, what is refused as wrong, and files count for nothing", () => {
  const { meters, over } = rig();
  for (const route of ["/healthz", "/readyz", "/metrics", "none"]) {
    for (let count = 0; count < 30; count += 1) over(503, { route });
  }
  assert.equal(meters.errorRatio, null);
  for (let count = 0; count < 40; count += 1) over(404);
  assert.equal(meters.errorRatio, 0);
});

Deno.test("HealthMeters.errorRatio: failures are forgotten after five minutes", () => {
  const { meters, over, goOn } = rig();
  for (let count = 0; count < 5; count += 1) over(500);
  assert.equal(meters.errorRatio, 1);
  goOn(5 * MINUTE_MS);
  assert.equal(meters.errorRatio, null);
});

Deno.test("HealthMeters.requestP95Ms: requests that wait for a model are left out", () => {
  const { meters, over } = rig();
  for (let count = 0; count < 40; count += 1) {
    over(200, { source: "chat" }, 30_000);
    over(200, {}, count < 37 ? 20 : 400);
  }
  const p95 = meters.requestP95Ms!;
  assert.ok(Math.abs(p95 - 400) < 0.06 * 400, `${p95} ms`);
});

Deno.test("HealthMeters.loopLagMs: the longest wait of the last ten seconds", () => {
  const { meters, goOn } = rig();
  meters.looked(3);
  meters.looked(180);
  meters.looked(5);
  goOn(9_000);
  meters.looked(2);
  assert.equal(meters.loopLagMs, 180);
  goOn(1_000);
  assert.equal(meters.loopLagMs, 2);
});

Deno.test("HealthMeters: reads and commits of the store are told apart, below a millisecond too", () => {
  const { meters } = rig();
  assert.equal(meters.storeReadMs, null);
  for (let count = 0; count < 100; count += 1) {
    meters.storeCalled("get", 0.2);
    meters.storeCalled("commit", 4);
  }
  const near = (value: number | null, wanted: number) =>
    assert.ok(Math.abs(value! - wanted) < 0.06 * wanted, `${value} ms`);
  near(meters.storeReadMs, 0.2);
  near(meters.storeWriteMs, 4);
});

Deno.test("HealthMeters.tries: every try counts for its provider, those that were given up are no failures", () => {
  const { meters } = rig();
  const attempt = (provider: string, outcome: string) => ({
    provider,
    model: "m",
    startedAtMs: 0,
    durationMs: 1,
    firstTokenMs: null,
    outcome,
    error: null,
  });
  meters.runEnded({
    attempts: [attempt("a", "failed"), attempt("b", "completed")],
  });
  meters.runEnded({ attempts: [attempt("a", "cancelled")] });
  assert.deepEqual([...meters.tries], [
    ["a", { tries: 2, failures: 1 }],
    ["b", { tries: 1, failures: 0 }],
  ]);
});
