/** FakeTime: timers and dates follow the test, and the clock comes back. */
import assert from "node:assert/strict";
import { FakeTime, TimeError } from "./time.ts";

Deno.test("FakeTime: tick moves Date and runs due timers in order", () => {
  using time = new FakeTime("2026-01-02T03:04:05Z");
  const ran: string[] = [];
  setTimeout(() => ran.push("late"), 200);
  setTimeout(() => ran.push("soon"), 100);
  const interval = setInterval(() => ran.push("again"), 90);
  time.tick(100);
  assert.deepEqual(ran, ["again", "soon"]);
  assert.equal(new Date().toISOString(), "2026-01-02T03:04:05.100Z");
  time.tick(100);
  assert.deepEqual(ran, ["again", "soon", "again", "late"]);
  clearInterval(interval);
  time.runAll();
  assert.equal(ran.length, 4);
  assert.equal(time.now - time.start, 200);
});

Deno.test("FakeTime.tickAsync: timers started by promises run too", async () => {
  using time = new FakeTime();
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => setTimeout(resolve, ms));
  let steps = 0;
  const work = (async () => {
    while (steps < 3) {
      await sleep(10);
      steps++;
    }
  })();
  await time.tickAsync(30);
  await work;
  assert.equal(steps, 3);
});

Deno.test("FakeTime.next: goes from timer to timer", async () => {
  using time = new FakeTime(0);
  const at: number[] = [];
  setTimeout(() => at.push(Date.now()), 5);
  setTimeout(() => at.push(Date.now()), 1_000);
  assert.equal(time.next(), true);
  assert.equal(await time.nextAsync(), true);
  assert.equal(time.next(), false);
  assert.deepEqual(at, [5, 1_000]);
});

Deno.test("FakeTime.now: may be set forwards only", () => {
  using time = new FakeTime(1_000);
  let ran = false;
  setTimeout(() => ran = true, 500);
  time.now = 1_500;
  assert.equal(ran, true);
  assert.throws(() => time.now = 1, RangeError);
});

Deno.test("FakeTime: AbortSignal.timeout follows it", () => {
  using time = new FakeTime();
  const signal = AbortSignal.timeout(5_000);
  time.tick(4_999);
  assert.equal(signal.aborted, false);
  time.tick(1);
  assert.equal(signal.reason.name, "TimeoutError");
});

Deno.test("FakeTime.delay: waits in real time and can be aborted", async () => {
  using time = new FakeTime(0);
  await time.delay(1);
  assert.equal(Date.now(), 0);
  const stop = new AbortController();
  const delay = time.delay(60_000, { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assert.rejects(delay, /stopped/);
});

Deno.test("FakeTime.restoreFor: real time for a while", async () => {
  using time = new FakeTime(0);
  const seen = await FakeTime.restoreFor((add: number) => Date.now() + add, 1);
  assert.ok(seen > 1_000_000);
  assert.equal(Date.now(), 0);
  assert.equal(time.now, 0);
});

Deno.test("FakeTime: one at a time, restored once", () => {
  const realTimeout = globalThis.setTimeout;
  const time = new FakeTime();
  assert.throws(() => new FakeTime(), TimeError);
  assert.notEqual(globalThis.setTimeout, realTimeout);
  FakeTime.restore();
  assert.equal(globalThis.setTimeout, realTimeout);
  assert.throws(() => time.restore(), TimeError);
  assert.throws(() => FakeTime.restore(), TimeError);
});

Deno.test("FakeTime: advanceRate follows real time", async () => {
  using time = new FakeTime(0, { advanceRate: 1_000, advanceFrequency: 1 });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.ok(time.now >= 2_000);
});
