import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import { KeptValue } from "./kept_value.ts";

/** A value that counts how often it was fetched, by a clock that a test turns. */
function rig() {
  let nowMs = 0;
  const loads: { resolve: (value: number) => void; reject: () => void }[] = [];
  const kept = new KeptValue<number>({
    load: () =>
      new Promise((resolve, reject) =>
        loads.push({ resolve, reject: () => reject(new Error("Away")) })
      ),
    clock: { ...systemClock, monotonic: () => nowMs },
    freshMs: 100,
    usableMs: 1_000,
    pauseMs: 10,
  });
  return { kept, loads, pass: (ms: number) => void (nowMs += ms) };
}

Deno.test("KeptValue: any number of callers share one request", async () => {
  const { kept, loads } = rig();
  const asked = Array.from({ length: 10 }, () => kept.get());
  assert.equal(loads.length, 1);
  loads[0].resolve(7);
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([7]));
  assert.equal(await kept.get(), 7);
  assert.equal(loads.length, 1);
});

Deno.test("KeptValue: an old value is given while a newer one is fetched, and as long as none is to be had", async () => {
  const { kept, loads, pass } = rig();
  const first = kept.get();
  loads[0].resolve(1);
  await first;
  pass(100);
  assert.deepEqual(await Promise.all([kept.get(), kept.get()]), [1, 1]);
  assert.equal(loads.length, 2);
  loads[1].reject();
  await Promise.resolve();
  pass(20);
  assert.equal(await kept.get(), 1);
  loads[2].resolve(2);
  await Promise.resolve();
  assert.equal(await kept.newerThan(50), 2);
});

Deno.test("KeptValue: too old a value is not given", async () => {
  const { kept, loads, pass } = rig();
  const first = kept.get();
  loads[0].resolve(1);
  await first;
  pass(1_000);
  const second = kept.get();
  loads[1].reject();
  await assert.rejects(second, /Away/);
});

Deno.test("KeptValue: a failure is told for a moment without asking again", async () => {
  const { kept, loads, pass } = rig();
  const first = kept.get();
  loads[0].reject();
  await assert.rejects(first, /Away/);
  await assert.rejects(kept.get(), /Away/);
  assert.equal(loads.length, 1);
  pass(10);
  const second = kept.get();
  loads[1].resolve(5);
  assert.equal(await second, 5);
});
