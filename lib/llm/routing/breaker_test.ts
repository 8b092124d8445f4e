import assert from "node:assert/strict";
import { Breaker, type BreakerState } from "./breaker.ts";

const SETTINGS = { failures: 3, windowMs: 1000, openMs: 500 };

function rig() {
  let nowMs = 10_000;
  const changes: BreakerState[] = [];
  const breaker = new Breaker(
    SETTINGS,
    () => nowMs,
    (state) => changes.push(state),
  );
  return {
    breaker,
    changes,
    advance: (ms: number) => nowMs += ms,
    fail: (times = 1) => {
      for (let n = 0; n < times; n++) breaker.acquire()!.failed();
    },
  };
}

Deno.test("Breaker: opens with the last failure that is too many", () => {
  const { breaker, fail } = rig();
  fail(2);
  assert.equal(breaker.state, "closed");
  fail();
  assert.deepEqual([breaker.state, breaker.acquire()], ["open", null]);
});

Deno.test("Breaker: failures of another window do not count", () => {
  const { breaker, fail, advance } = rig();
  fail(2);
  advance(SETTINGS.windowMs);
  fail(2);
  assert.deepEqual([breaker.state, breaker.failures], ["closed", 2]);
});

Deno.test("Breaker: a few failures among many answers are no outage", () => {
  const { breaker, fail } = rig();
  for (let n = 0; n < 100; n++) breaker.acquire()!.completed();
  fail(SETTINGS.failures);
  assert.equal(breaker.state, "closed");
  fail(9);
  assert.equal(breaker.state, "open");
});

Deno.test("Breaker: after a while exactly one may try", () => {
  const { breaker, fail, advance } = rig();
  fail(3);
  advance(SETTINGS.openMs - 1);
  assert.deepEqual([breaker.acquire(), breaker.waitMs()], [null, 1]);
  advance(1);
  assert.equal(breaker.state, "half-open");
  assert.notEqual(breaker.acquire(), null);
  assert.equal(breaker.acquire(), null);
});

Deno.test("Breaker: closes when the probe begins to be answered", () => {
  const { breaker, fail, advance } = rig();
  fail(3);
  advance(SETTINGS.openMs);
  const probe = breaker.acquire()!;
  probe.answered();
  assert.deepEqual([breaker.state, breaker.failures], ["closed", 0]);
  probe.failed();
  assert.deepEqual([breaker.state, breaker.failures], ["closed", 1]);
});

Deno.test("Breaker: a probe that fails leaves it open for another while", () => {
  const { breaker, fail, advance } = rig();
  fail(3);
  advance(SETTINGS.openMs);
  breaker.acquire()!.failed();
  assert.deepEqual([breaker.state, breaker.waitMs()], ["open", 500]);
});

Deno.test("Breaker: a probe that was called off leaves its place to the next", () => {
  const { breaker, fail, advance } = rig();
  fail(3);
  advance(SETTINGS.openMs);
  breaker.acquire()!.released();
  assert.deepEqual(
    [breaker.state, breaker.isPassable],
    ["half-open", true],
  );
});

Deno.test("Breaker: what began before it opened says nothing afterwards", () => {
  const { breaker, fail, advance } = rig();
  const [early, late] = [breaker.acquire()!, breaker.acquire()!];
  fail(3);
  early.completed();
  assert.equal(breaker.state, "open");
  advance(SETTINGS.openMs);
  breaker.acquire()!.answered();
  late.failed();
  assert.equal(breaker.failures, 0);
});

Deno.test("Breaker: only the first verdict of a request counts", () => {
  const { breaker } = rig();
  const permit = breaker.acquire()!;
  permit.failed();
  permit.failed();
  permit.completed();
  assert.equal(breaker.failures, 1);
});

Deno.test("Breaker: tells of each state once", () => {
  const { breaker, changes, fail, advance } = rig();
  fail(3);
  advance(SETTINGS.openMs);
  breaker.acquire()!.completed();
  assert.deepEqual(changes, ["open", "half-open", "closed"]);
});
