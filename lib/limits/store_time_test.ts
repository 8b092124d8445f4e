import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { StoreTime } from "./store_time.ts";

function setUp() {
  const clock = new ManualClock();
  const rig = { clock, newest: "0010", wallOffMs: 0 };
  const time = new StoreTime(
    {
      now: () => clock.now() + rig.wallOffMs,
      monotonic: () => clock.monotonic(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    },
    () => rig.newest,
  );
  time.start();
  return { rig, time, clock };
}

Deno.test("StoreTime: what was written before this process began is as old as the process, at least", () => {
  const { time, clock } = setUp();
  clock.advance(5_000);
  assert.equal(time.since("0009"), 5_000);
});

Deno.test("StoreTime: of what was written after the newest known commit no age is known", () => {
  const { time, clock } = setUp();
  clock.advance(5_000);
  assert.equal(time.since("0011"), 0);
});

Deno.test("StoreTime: what was written before a commit of ours is as old as when that was seen", () => {
  const { rig, time, clock } = setUp();
  clock.advance(5_000);
  rig.newest = "0020";
  clock.advance(1_000);
  clock.advance(3_000);
  assert.equal(time.since("0015"), 3_000);
  assert.equal(time.since("0009"), 9_000);
});

Deno.test("StoreTime: forgets old commits, but never says more than is true", () => {
  const { rig, time, clock } = setUp();
  for (let second = 0; second < 300; second += 1) {
    rig.newest = String(20 + second).padStart(4, "0");
    clock.advance(1_000);
  }
  assert.ok(time.since("0009") <= 300_000);
  assert.ok(time.since("0009") >= 64_000);
  assert.ok(time.since("0310") <= 10_000);
});

Deno.test("StoreTime: its wall clock goes on evenly when the machine's jumps", () => {
  const { rig, time, clock } = setUp();
  const startMs = time.wallMs();
  rig.wallOffMs = 3_600_000;
  clock.advance(1_000);
  assert.equal(time.wallMs(), startMs + 1_000);
});
