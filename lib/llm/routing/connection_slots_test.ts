import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { ConnectionSlots } from "./connection_slots.ts";

const NEVER = new AbortController().signal;

function rig(max: number, maxWaiting?: number) {
  const clock = new ManualClock();
  return { clock, slots: new ConnectionSlots("p", max, clock, maxWaiting) };
}

Deno.test("ConnectionSlots.take: who waits gets a slot in the order of coming", async () => {
  const { slots } = rig(1);
  let release = await slots.take(NEVER, 1000);
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (number) => {
    const own = await slots.take(NEVER, 1000);
    order.push(number);
    own();
  });
  assert.equal(slots.waiting, 3);
  release();
  release = () => {};
  await Promise.all(waiting);
  assert.deepEqual([order, slots.inUse, slots.waiting], [[1, 2, 3], 0, 0]);
});

Deno.test("ConnectionSlots.tryTake: nobody overtakes those who wait", async () => {
  const { slots } = rig(1);
  const release = slots.tryTake()!;
  const waiting = slots.take(NEVER, 1000);
  release();
  assert.equal(slots.tryTake(), null);
  (await waiting)();
  assert.notEqual(slots.tryTake(), null);
});

Deno.test("ConnectionSlots.take: a slot given back twice is one slot", () => {
  const { slots } = rig(2);
  const release = slots.tryTake()!;
  slots.tryTake();
  release();
  release();
  assert.equal(slots.inUse, 1);
});

Deno.test("ConnectionSlots.take: 504 when none came free in time", async () => {
  const { clock, slots } = rig(1);
  slots.tryTake();
  const late = slots.take(NEVER, 1000);
  clock.advance(1000);
  await assert.rejects(late, { status: 504, code: "provider_timeout" });
  assert.equal(slots.waiting, 0);
});

Deno.test("ConnectionSlots.take: 503 at once when too many wait", async () => {
  const { slots } = rig(1, 1);
  slots.tryTake();
  void slots.take(NEVER, 1000);
  await assert.rejects(slots.take(NEVER, 1000), {
    status: 503,
    code: "overloaded",
    headers: { "Retry-After": "1" },
  });
});

Deno.test("ConnectionSlots.take: hanging up leaves the queue and takes nothing", async () => {
  const { clock, slots } = rig(1);
  const release = slots.tryTake()!;
  const controller = new AbortController();
  const gone = slots.take(controller.signal, 1000);
  const next = slots.take(NEVER, 1000);
  controller.abort(new Error("Gone"));
  await assert.rejects(gone, { message: "Gone" });
  release();
  (await next)();
  assert.deepEqual([slots.inUse, slots.waiting, clock.pending], [0, 0, 0]);
});
