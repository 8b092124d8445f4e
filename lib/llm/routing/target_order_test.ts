import assert from "node:assert/strict";
import { DEFAULT_BREAKER, type RouteStrategy } from "@/lib/config/routes.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { seededRandom } from "@/tests/support/fake_upstream_random.ts";
import { Target } from "./target.ts";
import { orderTargets } from "./target_order.ts";
import { scriptedUpstream } from "./testing/scripted_upstream.ts";

function rig(weights: Record<string, number>) {
  const clock = new ManualClock();
  const targets = Object.fromEntries(
    Object.keys(weights).map((id) => [
      id,
      new Target(scriptedUpstream(id, clock), "m", DEFAULT_BREAKER, clock),
    ]),
  );
  const random = seededRandom(7);
  const weighted = Object.entries(weights)
    .map(([id, weight]) => ({ target: targets[id], weight }));
  return {
    clock,
    targets,
    order: (strategy: RouteStrategy) =>
      orderTargets(strategy, weighted, random).map(({ name }) => name.provider),
  };
}

Deno.test("orderTargets: priority is the order of the settings", () => {
  assert.deepEqual(rig({ b: 1, a: 9 }).order("priority"), ["b", "a"]);
});

Deno.test("orderTargets: weighted gives each its share of the first places", () => {
  const { order } = rig({ a: 1, b: 3 });
  const draws = 4000;
  let firstB = 0;
  for (let n = 0; n < draws; n++) if (order("weighted")[0] === "b") firstB++;
  assert.ok(Math.abs(firstB / draws - 0.75) < 0.03, String(firstB));
});

Deno.test("orderTargets: weighted without a weight comes last, but it comes", () => {
  const { order } = rig({ zero: 0, a: 1, b: 1 });
  for (let n = 0; n < 50; n++) assert.equal(order("weighted")[2], "zero");
});

Deno.test("orderTargets: least-latency tries who is unknown, one at a time", () => {
  const { targets, order } = rig({ known: 1, unknown: 1 });
  targets.known.latency.record(100);
  assert.deepEqual(order("least-latency"), ["unknown", "known"]);
  targets.unknown.inFlight = 1;
  assert.deepEqual(order("least-latency"), ["known", "unknown"]);
});

Deno.test("orderTargets: least-latency asks the fastest while it is not crowded", () => {
  const { targets, order } = rig({ slow: 1, fast: 1 });
  targets.slow.latency.record(300);
  targets.fast.latency.record(100);
  assert.deepEqual(order("least-latency"), ["fast", "slow"]);
  targets.fast.inFlight = 3;
  assert.deepEqual(order("least-latency"), ["slow", "fast"]);
});

Deno.test("orderTargets: least-latency looks again at who has been slow a while ago", () => {
  const { clock, targets, order } = rig({ fast: 1, slow: 1 });
  targets.slow.latency.record(9000);
  clock.advance(50_000);
  targets.fast.latency.record(100);
  assert.deepEqual(order("least-latency"), ["fast", "slow"]);
  clock.advance(11_000);
  assert.deepEqual(order("least-latency"), ["slow", "fast"]);
});

Deno.test("orderTargets: least-latency goes by the newest measurements", () => {
  const { targets, order } = rig({ a: 1, b: 1 });
  targets.a.latency.record(100);
  targets.b.latency.record(200);
  for (let n = 0; n < 5; n++) targets.a.latency.record(1000);
  assert.deepEqual(order("least-latency"), ["b", "a"]);
});
