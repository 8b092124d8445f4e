import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import type { RouteSettings } from "@/lib/config/routes.ts";
import { DEFAULT_TIMEOUTS_MS } from "@/lib/llm/openai/deadlines.ts";
import { Routing } from "./routing.ts";
import { refusal, scriptedUpstream } from "./testing/scripted_upstream.ts";
import type { RoutePlan } from "./route_plan.ts";

const ROUTE: RouteSettings = {
  id: "best",
  strategy: "priority",
  targets: [
    { provider: "a", model: "m", weight: 1 },
    { provider: "b", model: "m", weight: 1 },
  ],
  retries: 0,
  timeoutsMs: DEFAULT_TIMEOUTS_MS,
};
const BREAKER = { failures: 1, windowMs: 60_000, openMs: 10_000 };

function rig() {
  const clock = new ManualClock();
  const routing = new Routing({ clock, breaker: BREAKER, retries: 0 });
  return { clock, routing, upstream: scriptedUpstream("a", clock) };
}

/** Asks once; whether an answer came. */
async function ask(plan: RoutePlan): Promise<boolean> {
  const call = plan.call({ model: "", messages: [] });
  try {
    return (await Array.fromAsync(call.open(AbortSignal.timeout(10_000))))
      .length > 0;
  } catch {
    return false;
  }
}

Deno.test("Routing: all names of a model share what is known of it", async () => {
  const { routing, upstream } = rig();
  upstream.script = [{ error: refusal(500) }];
  assert.equal(await ask(routing.single("m", upstream, "m")), false);
  assert.equal(await ask(routing.single("a/m", upstream, "m")), false);
  assert.equal(await ask(routing.single("a/n", upstream, "n")), true);
  assert.deepEqual(upstream.asked.map(({ model }) => model), ["m", "n"]);
});

Deno.test("Routing: of a provider that was replaced nothing is known", async () => {
  const { clock, routing, upstream } = rig();
  upstream.script = [{ error: refusal(500) }];
  await ask(routing.single("a/m", upstream, "m"));
  const replaced = scriptedUpstream("a", clock);
  assert.equal(await ask(routing.single("a/m", replaced, "m")), true);
});

Deno.test("Routing.route: targets of providers that are gone are left out", () => {
  const { routing, upstream } = rig();
  const plan = routing.route(ROUTE, (id) => id === "a" ? upstream : null);
  assert.deepEqual(plan?.targets, [{ provider: "a", model: "m" }]);
  assert.equal(routing.route(ROUTE, () => null), null);
});

Deno.test("Routing: a plan says what it leads to, the same for all names of a model", () => {
  const { routing, upstream } = rig();
  const destinations = [
    routing.single("m", upstream, "m"),
    routing.single("a/m", upstream, "m"),
    routing.route(ROUTE, () => upstream)!,
  ].map(({ destination, route }) => [destination, route]);
  assert.deepEqual(destinations, [
    ["a/m", null],
    ["a/m", null],
    ["best", "best"],
  ]);
});

Deno.test("Routing: names that somebody makes up take no more memory than so much", async () => {
  const { routing, upstream } = rig();
  upstream.script = [{ error: refusal(500) }];
  await ask(routing.single("a/broken", upstream, "broken"));
  for (let n = 0; n < 3000; n++) routing.single(`a/${n}`, upstream, `${n}`);
  const states = routing.states();
  assert.ok(states.length <= 1001, String(states.length));
  const broken = states.find(({ model }) => model === "broken");
  assert.equal(broken?.breaker, "open");
});

Deno.test("Routing.states: tells how a target is doing", async () => {
  const { clock, routing, upstream } = rig();
  const plan = routing.single("a/m", upstream, "m");
  upstream.script = [{ error: refusal(429, 30) }];
  await ask(plan);
  clock.advance(1000);
  assert.deepEqual(routing.states(), [{
    provider: "a",
    model: "m",
    breaker: "closed",
    failures: 0,
    coolingMs: 29_000,
    firstTokenMs: null,
    recent: { ended: 1, failed: 0 },
    inFlight: 0,
    connections: { inUse: 0, waiting: 0 },
  }]);
});

Deno.test("Routing.route: with least-latency a target that fails is asked less", async () => {
  const { clock, upstream } = rig();
  const routing = new Routing({ clock });
  const other = scriptedUpstream("b", clock);
  upstream.script = [{ error: refusal(500) }];
  const plan = routing.route(
    { ...ROUTE, strategy: "least-latency" },
    (id) => id === "a" ? upstream : other,
  )!;
  for (let n = 0; n < 3; n++) assert.equal(await ask(plan), true);
  assert.deepEqual([upstream.asked.length, other.asked.length], [1, 3]);
});

Deno.test("Routing.route: with least-latency whoever was faster is asked first", async () => {
  const { clock, upstream } = rig();
  const routing = new Routing({ clock });
  const other = scriptedUpstream("b", clock);
  upstream.script = [{ takesMs: 300, texts: ["x"] }];
  other.script = [{ takesMs: 100, texts: ["x"] }];
  const plan = routing.route(
    { ...ROUTE, strategy: "least-latency" },
    (id) => id === "a" ? upstream : other,
  )!;
  for (let n = 0; n < 4; n++) {
    const asking = ask(plan);
    while (clock.pending > 0) {
      clock.advanceToNext();
      await Promise.resolve();
    }
    await asking;
  }
  assert.deepEqual([upstream.asked.length, other.asked.length], [1, 3]);
  const times = routing.states().map(({ firstTokenMs }) => firstTokenMs);
  assert.equal(times[0], 300);
  assert.ok(times[1]! < 100);
});
