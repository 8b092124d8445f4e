import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { Routing } from "./routing.ts";
import { registerRoutingMetrics } from "./routing_metrics.ts";
import { refusal, scriptedUpstream } from "./testing/scripted_upstream.ts";

Deno.test("registerRoutingMetrics: the state of each target, as it is when it is read", async () => {
  const clock = new ManualClock();
  const breaker = { failures: 1, windowMs: 60_000, openMs: 5000 };
  const routing = new Routing({ clock, breaker, retries: 0 });
  const read = new Map<string, () => Iterable<unknown>>();
  registerRoutingMetrics(
    { gauge: (name, _help, each) => read.set(name, each) },
    routing,
  );
  const values = (name: string) => [...read.get(`freshet_${name}`)!()];
  const upstream = scriptedUpstream("a", clock);
  upstream.script = [{ takesMs: 0, texts: ["x"] }, { error: refusal(500) }];
  const request = { model: "", messages: [] };
  const signal = AbortSignal.timeout(10_000);
  const plan = routing.single("a/m", upstream, "m");
  await Array.fromAsync(plan.call(request).open(signal));
  assert.deepEqual(values("breaker_state"), [[["a/m"], 0]]);
  assert.deepEqual(values("target_first_token_seconds"), [[["a/m"], 0]]);
  await Array.fromAsync(plan.call(request).open(signal)).catch(() => {});
  assert.deepEqual(values("breaker_state"), [[["a/m"], 2]]);
  clock.advance(5000);
  assert.deepEqual(values("breaker_state"), [[["a/m"], 1]]);

  const open = plan.call(request).open(signal);
  await open.next();
  assert.deepEqual(values("target_attempts_in_flight"), [[["a/m"], 1]]);
  assert.deepEqual(values("provider_connections_in_use"), [[["a"], 1]]);
  assert.deepEqual(values("provider_connections_waiting"), [[["a"], 0]]);
  await open.return!();
});
