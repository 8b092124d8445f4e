import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import type { ChatRequest } from "@/lib/llm/types.ts";
import type { AttemptInfo } from "./attempt.ts";
import { Routing } from "./routing.ts";
import type { BreakerState } from "./breaker.ts";
import {
  refusal,
  scriptedUpstream,
  timeout,
  type Try,
} from "./testing/scripted_upstream.ts";

const REQUEST: ChatRequest = {
  model: "asked",
  messages: [{ role: "user", content: "Hi" }],
};
const NEVER = new AbortController().signal;
const TIMEOUTS_MS = {
  connect: 1000,
  firstToken: 5000,
  tokenGap: 5000,
  total: 60_000,
};
const BREAKER = { failures: 3, windowMs: 60_000, openMs: 10_000 };
const DOWN: Try = { error: refusal(500) };

interface RigOptions {
  a?: Try[];
  b?: Try[];
  retries?: number;
  /** Failures that open the breaker. */
  failures?: number;
  maxConnections?: number;
  maxWaiting?: number;
}

/** A route from provider a to provider b, on a clock that a test moves. */
function rig(
  { a = [], b = [], retries = 0, failures = BREAKER.failures, ...limits }:
    RigOptions = {},
) {
  const clock = new ManualClock();
  const upstreams = {
    a: scriptedUpstream("a", clock, limits),
    b: scriptedUpstream("b", clock),
  };
  upstreams.a.script = a;
  upstreams.b.script = b;
  const routing = new Routing({
    breaker: { ...BREAKER, failures },
    clock,
    random: () => 0.5,
    timeoutsMs: TIMEOUTS_MS,
    retries,
  });
  const route = routing.route(
    {
      id: "r",
      strategy: "priority",
      targets: [
        { provider: "a", model: "ma", weight: 1 },
        { provider: "b", model: "mb", weight: 1 },
      ],
      retries,
      timeoutsMs: TIMEOUTS_MS,
    },
    (id) => upstreams[id as "a" | "b"],
  )!;
  return {
    ...upstreams,
    clock,
    routing,
    route,
    single: routing.single("a/ma", upstreams.a, "ma"),
    /** Asks and moves the clock whenever nothing else happens. */
    async read(plan = route, request = REQUEST) {
      const attempts: AttemptInfo[] = [];
      const call = plan.call(request, {
        onAttempt: (attempt) =>
          attempt.outcome === "running" || attempts.push({ ...attempt }),
      });
      let text = "";
      let error: unknown = null;
      const told: string[] = [];
      const reading = (async () => {
        const deltas = call.open(
          NEVER,
          ({ provider }) => told.push(provider),
        );
        for await (const delta of deltas) {
          if (delta.type === "text") text += delta.text;
        }
      })().catch((thrown) => error = thrown);
      await settle(clock, reading);
      // deno-lint-ignore no-explicit-any -- tests look into whatever was thrown
      return { call, text, error: error as any, told, attempts };
    },
  };
}

/** Lets the clock go on, timer by timer, until the work is done. */
async function settle(clock: ManualClock, work: Promise<unknown>) {
  let isOver = false;
  void work.finally(() => isOver = true).catch(() => {});
  while (!isOver) {
    for (let turn = 0; turn < 50 && !isOver; turn++) await Promise.resolve();
    if (!isOver && !clock.advanceToNext()) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

Deno.test("RouteCall: asks the first target by its own name of the model", async () => {
  const { a, read } = rig();
  const { text, told } = await read();
  assert.deepEqual([text, told, a.asked[0].model], ["ok", ["a"], "ma"]);
});

Deno.test("RouteCall: goes to the next target before the first delta, and tells of each try", async () => {
  const { read } = rig({ a: [DOWN] });
  const { text, told, attempts, call } = await read();
  assert.deepEqual([text, told], ["ok", ["a", "b"]]);
  assert.deepEqual(call.served, { provider: "b", model: "mb" });
  assert.deepEqual(
    attempts.map(({ provider, outcome, error, opening }) => ({
      provider,
      outcome,
      error,
      opening,
    })),
    [
      {
        provider: "a",
        outcome: "failed",
        error: "provider_unavailable",
        opening: 1,
      },
      { provider: "b", outcome: "completed", error: null, opening: 1 },
    ],
  );
});

Deno.test("RouteCall: measures when a try began, its first delta and its end", async () => {
  const { read, clock } = rig({
    a: [{ connectsMs: 5, takesMs: 40, texts: ["x"] }],
  });
  clock.advance(7);
  const startedAtMs = clock.now();
  const { attempts: [attempt] } = await read();
  assert.deepEqual(attempt, {
    provider: "a",
    model: "ma",
    opening: 1,
    startedAtMs,
    connectMs: 5,
    firstTokenMs: 45,
    durationMs: 45,
    outcome: "completed",
    error: null,
  });
});

Deno.test("RouteCall: tells of a try as it goes on, with the same object", async () => {
  const { clock, single } = rig({
    a: [{ connectsMs: 5, takesMs: 40, texts: ["x"] }],
  });
  const told: unknown[] = [];
  const objects = new Set<unknown>();
  const call = single.call(REQUEST, {
    onAttempt: (attempt) => {
      objects.add(attempt);
      const { outcome, connectMs, firstTokenMs } = attempt;
      told.push([outcome, connectMs, firstTokenMs]);
    },
  });
  await settle(clock, Array.fromAsync(call.open(NEVER)));
  assert.equal(objects.size, 1);
  assert.deepEqual(told, [
    ["running", null, null],
    ["running", 5, null],
    ["running", 5, 45],
    ["completed", 5, 45],
  ]);
});

Deno.test("RouteCall: tries a target again with full jitter before it goes on", async () => {
  const { a, b, read } = rig({ a: [DOWN, DOWN, DOWN], retries: 2 });
  await read();
  assert.deepEqual(a.asked.map(({ atMs }) => atMs), [0, 250, 750]);
  assert.deepEqual(b.asked.map(({ atMs }) => atMs), [750]);
});

Deno.test("RouteCall: a request may want fewer retries, and never gets more", async () => {
  for (const [asked, tries] of [[0, 1], [1, 2], [9, 3]]) {
    const { a, read } = rig({ a: [DOWN, DOWN, DOWN, DOWN], retries: 2 });
    await read(undefined, { ...REQUEST, retries: asked });
    assert.equal(a.asked.length, tries);
  }
});

Deno.test("RouteCall: refusals of the request itself end it", async () => {
  const { b, read } = rig({ a: [{ error: refusal(400) }], retries: 2 });
  const { error } = await read();
  assert.deepEqual([error.providerStatus, b.asked.length], [400, 0]);
});

Deno.test("RouteCall: a target that was silent for too long is not asked again, the next one is", async () => {
  const { a, read } = rig({
    a: [{ error: timeout("firstToken") }],
    retries: 2,
  });
  assert.deepEqual([(await read()).text, a.asked.length], ["ok", 1]);
});

Deno.test("RouteCall: an error of ours goes to the caller as it is", async () => {
  const ours = new Error("Bug");
  const { read } = rig({ a: [{ error: ours }], retries: 2 });
  assert.equal((await read()).error, ours);
});

Deno.test("RouteCall: a limited rate sends to the next target at once, and later requests too", async () => {
  const { a, b, clock, read } = rig({
    a: [{ error: refusal(429, 10) }],
    retries: 2,
  });
  await read();
  clock.advance(9000);
  await read();
  assert.deepEqual([a.asked.length, b.asked.map(({ atMs }) => atMs)], [
    1,
    [0, 9000],
  ]);
  clock.advance(1000);
  assert.deepEqual((await read()).told, ["a"]);
});

Deno.test("RouteCall: a limited rate is waited for where nobody else is left", async () => {
  const { a, single, read } = rig({
    a: [{ error: refusal(429, 3) }],
    retries: 1,
  });
  await read(single);
  assert.deepEqual(a.asked.map(({ atMs }) => atMs), [0, 3250]);
});

Deno.test("RouteCall: requests that come while a target cools down wait without asking it", async () => {
  const { a, single, read } = rig({
    a: [{ error: refusal(429, 8) }],
    retries: 0,
  });
  await read(single);
  await read(single);
  assert.deepEqual(a.asked.map(({ atMs }) => atMs), [0, 8500]);
});

Deno.test("RouteCall: a Retry-After that is too long is told at once, later requests too", async () => {
  const { a, clock, single, read } = rig({
    a: [{ error: refusal(429, 3600) }],
    retries: 2,
  });
  assert.equal((await read(single)).error.retryAfterMs, 3_600_000);
  const { error } = await read(single);
  assert.deepEqual(
    [error.code, error.headers["Retry-After"], a.asked.length],
    ["provider_rate_limited", "60", 1],
  );
  clock.advance(60_000);
  assert.equal((await read(single)).text, "ok");
});

Deno.test("RouteCall: nobody waits for a try that the time for the whole answer does not allow", async () => {
  const slow = (takesMs: number): Try => ({ takesMs, error: refusal(500) });
  const { a, clock, single, read } = rig({
    a: [slow(29_900), slow(29_600)],
    retries: 5,
  });
  const { error } = await read(single);
  assert.deepEqual(
    [error.providerStatus, a.asked.length, clock.monotonic()],
    [500, 2, 29_900 + 250 + 29_600],
  );
});

Deno.test("RouteCall: each try gets the route's deadlines, and what is left of the whole", async () => {
  const { a, b, read } = rig({ a: [{ takesMs: 4000, error: refusal(500) }] });
  await read();
  assert.deepEqual(a.asked[0].timeoutsMs, TIMEOUTS_MS);
  assert.deepEqual(b.asked[0].timeoutsMs, { ...TIMEOUTS_MS, total: 56_000 });
});

Deno.test("RouteCall: a target that keeps failing is not asked, then probed by one request", async () => {
  const changes: BreakerState[] = [];
  const { a, b, clock, routing, route, read } = rig({ a: [DOWN, DOWN, DOWN] });
  routing.onBreakerChange((_, state) => changes.push(state));
  for (let n = 0; n < 4; n++) await read();
  assert.deepEqual([a.asked.length, b.asked.length], [3, 4]);
  clock.advance(BREAKER.openMs);
  a.script = [{ hangs: true }];
  const probe = route.call(REQUEST).open(NEVER);
  const first = probe.next();
  assert.deepEqual((await read()).told, ["b"]);
  await probe.return!();
  await first;
  assert.deepEqual((await read()).told, ["a"]);
  assert.deepEqual(changes, ["open", "half-open", "half-open", "closed"]);
});

Deno.test("RouteCall: when nobody may be asked it says so and for how long", async () => {
  const { single, clock, read } = rig({ a: [DOWN, DOWN, DOWN] });
  for (let n = 0; n < 3; n++) await read(single);
  clock.advance(2500);
  const { error, attempts } = await read(single);
  assert.deepEqual(
    [error.status, error.code, error.headers["Retry-After"], attempts],
    [502, "provider_unavailable", "8", []],
  );
});

Deno.test("RouteCall: neither a caller's fault nor a hang-up counts against a target", async () => {
  const { routing, route, read } = rig({
    a: Array.from({ length: 5 }, () => ({ error: refusal(400) })),
  });
  for (let n = 0; n < 5; n++) await read();
  for (let n = 0; n < 5; n++) {
    const controller = new AbortController();
    const deltas = route.call(REQUEST).open(controller.signal);
    await deltas.next();
    controller.abort();
  }
  assert.deepEqual(
    routing.states().map(({ breaker, failures }) => [breaker, failures])[0],
    ["closed", 0],
  );
});

Deno.test("RouteCall.restart: after a break the next target begins anew", async () => {
  const { a, read } = rig({
    a: [{ texts: ["half "], error: timeout("tokenGap") }],
    retries: 2,
  });
  const { call, text, error } = await read();
  assert.equal(text, "half ");
  assert.equal(call.restart(error), true);
  const again = await Array.fromAsync(call.open(NEVER));
  assert.deepEqual(again, [{ type: "text", text: "ok" }]);
  assert.equal(a.asked.length, 1);
  assert.deepEqual(
    call.attempts.map(({ provider, opening }) => [provider, opening]),
    [["a", 1], ["b", 2]],
  );
});

Deno.test("RouteCall.restart: not where no other target is left, nor after the caller's own error", async () => {
  const broken: Try = { texts: ["half "], error: timeout("tokenGap") };
  const { single, read } = rig({ a: [broken, broken], b: [broken] });
  const alone = await read(single);
  assert.equal(alone.call.restart(alone.error), false);
  const { call, error } = await read();
  assert.equal(call.restart(new Error("Stopped")), false);
  assert.equal(call.restart(timeout("total")), false);
  assert.equal(call.restart(error), true);
  await Array.fromAsync(call.open(NEVER)).catch(() => {});
  assert.equal(call.restart(error), false);
});

Deno.test("RouteCall.restart: leaves out whoever broke an answer that was shared", async () => {
  const { a, route } = rig();
  const joiner = route.call(REQUEST);
  const served = { provider: "a", model: "ma" };
  assert.equal(joiner.restart(timeout("tokenGap"), served), true);
  await Array.fromAsync(joiner.open(NEVER));
  assert.equal(a.asked.length, 0);
});

for (const how of ["return", "signal"] as const) {
  Deno.test(`RouteStream: ${how} ends a wait for another try`, async () => {
    const { a, clock, single } = rig({ a: [DOWN, DOWN], retries: 1 });
    const controller = new AbortController();
    const deltas = single.call(REQUEST).open(controller.signal);
    const first = deltas.next().then(({ done }) => done, (error) => error);
    while (clock.pending === 0) await Promise.resolve();
    if (how === "return") await deltas.return!();
    else controller.abort("stopped");
    assert.equal(await first, how === "return" ? true : "stopped");
    clock.advance(60_000);
    assert.equal(a.asked.length, 1);
  });

  Deno.test(`RouteStream: ${how} ends a wait for a connection`, async () => {
    const { a, single } = rig({ maxConnections: 1 });
    const busy = single.call(REQUEST).open(NEVER);
    await busy.next();
    const controller = new AbortController();
    const deltas = single.call(REQUEST).open(controller.signal);
    const first = deltas.next().then(({ done }) => done, (error) => error);
    assert.equal(a.slots.waiting, 1);
    if (how === "return") await deltas.return!();
    else controller.abort("stopped");
    assert.equal(await first, how === "return" ? true : "stopped");
    assert.deepEqual([a.slots.waiting, a.slots.inUse], [0, 1]);
    await busy.return!();
    assert.equal(a.slots.inUse, 0);
  });

  Deno.test(`RouteStream: ${how} in the middle closes the stream and gives the connection back`, async () => {
    const { a, routing, single } = rig({
      a: [{ texts: ["x"], hangs: true }],
    });
    const controller = new AbortController();
    const call = single.call(REQUEST);
    const deltas = call.open(controller.signal);
    await deltas.next();
    assert.equal(a.slots.inUse, 1);
    const rest = how === "signal" ? deltas.next() : null;
    if (how === "return") await deltas.return!();
    else controller.abort("stopped");
    assert.equal(a.slots.inUse, 0);
    await rest?.catch(() => {});
    assert.deepEqual(
      [a.open, call.attempts[0].outcome, routing.states()[0].inFlight],
      [0, "cancelled", 0],
    );
  });
}

Deno.test("RouteStream: a signal that aborts while nobody reads gives the connection back", async () => {
  const { a, single } = rig({ a: [{ texts: ["x", "y"] }] });
  const controller = new AbortController();
  const deltas = single.call(REQUEST).open(controller.signal);
  await deltas.next();
  controller.abort();
  assert.equal(a.slots.inUse, 0);
});

Deno.test("RouteStream: a signal that has aborted before asks nobody", async () => {
  const { a, single } = rig();
  const deltas = single.call(REQUEST).open(AbortSignal.abort("gone"));
  assert.equal(await deltas.next().catch((error) => error), "gone");
  assert.deepEqual([a.asked.length, a.slots.inUse], [0, 0]);
});

Deno.test("RouteStream: a connection that comes in the moment of the abort goes back", async () => {
  const { a, single } = rig({ maxConnections: 1 });
  const busy = single.call(REQUEST).open(NEVER);
  await busy.next();
  const controller = new AbortController();
  const first = single.call(REQUEST).open(controller.signal).next();
  void busy.return!();
  controller.abort("stopped");
  assert.equal(await first.catch((error) => error), "stopped");
  assert.deepEqual([a.slots.inUse, a.asked.length], [0, 1]);
});

Deno.test("RouteStream: whatever ends an answer gives its connection back", async () => {
  const { a, read } = rig({
    maxConnections: 1,
    a: [
      {},
      DOWN,
      { texts: ["x"], error: timeout("tokenGap") },
      { texts: ["x"], error: refusal(400) },
      { error: new Error("Bug") },
    ],
  });
  for (let n = 0; n < 6; n++) await read();
  assert.deepEqual([a.asked.length, a.slots.inUse, a.open], [6, 0, 0]);
});

Deno.test("RouteStream: too many waiting is 503, and another target is asked first", async () => {
  const { a, single, route, read } = rig({ maxConnections: 1, maxWaiting: 0 });
  const busy = single.call(REQUEST).open(NEVER);
  await busy.next();
  assert.deepEqual((await read(route)).told, ["b"]);
  const { error } = await read(single);
  assert.deepEqual([error.status, error.code], [503, "overloaded"]);
  assert.equal(a.asked.length, 1);
  await busy.return!();
});

Deno.test("RouteStream: a breaker that opens during the wait for a connection is heeded", async () => {
  const { a, clock, single } = rig({
    failures: 1,
    maxConnections: 1,
    a: [{ takesMs: 10, error: refusal(500) }],
  });
  const failing = single.call(REQUEST).open(NEVER).next().catch(() => {});
  const waiting = single.call(REQUEST).open(NEVER).next()
    .catch(({ message }) => message);
  assert.equal(a.slots.waiting, 1);
  await settle(clock, Promise.all([failing, waiting]));
  assert.match(String(await waiting), /left alone/);
  assert.deepEqual([a.asked.length, a.slots.inUse], [1, 0]);
});

Deno.test("RouteStream: while all connections of a target are in use the next one is asked", async () => {
  const { a, single, read } = rig({ maxConnections: 1 });
  const busy = single.call(REQUEST).open(NEVER);
  await busy.next();
  assert.deepEqual((await read()).told, ["b"]);
  assert.equal(a.slots.waiting, 0);
  await busy.return!();
  assert.deepEqual((await read()).told, ["a"]);
});

Deno.test("RoutePlan.ask: gives what the first target gives that is well", async () => {
  const { a, b, route } = rig();
  const asked: unknown[] = [];
  const piece = await route.ask((target, _signal, { total }) => {
    asked.push([target, total]);
    assert.equal(a.slots.inUse + b.slots.inUse, 1);
    return target.provider === "a"
      ? Promise.reject(refusal(500))
      : Promise.resolve("vector");
  }, NEVER);
  assert.equal(piece, "vector");
  assert.deepEqual(asked, [
    [{ provider: "a", model: "ma" }, 60_000],
    [{ provider: "b", model: "mb" }, 60_000],
  ]);
  assert.deepEqual([a.slots.inUse, b.slots.inUse], [0, 0]);
});

Deno.test("RoutePlan.ask: the signal ends it and gives the connection back", async () => {
  const { a, single } = rig();
  const controller = new AbortController();
  const asking = single.ask(
    (_target, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
    controller.signal,
  );
  controller.abort("stopped");
  assert.equal(await asking.catch((error) => error), "stopped");
  assert.equal(a.slots.inUse, 0);
});
