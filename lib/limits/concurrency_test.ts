/** Slots of several processes: never more than the limit, and none lost with a process that dies. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { fence } from "@/lib/kv/fence.ts";
import { slotsKey } from "@/lib/kv/keys.ts";
import { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { BRIEF_FAULTS, FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { type Slot, SlotPool } from "./concurrency.ts";

const SEEDS = Math.min(Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 20), 300);
const KEY = slotsKey("wsp_1", "user:usr_1");

interface Process {
  owner: Owner;
  faults: FaultKv;
  pool: SlotPool;
  slots: Slot[];
  isDead: boolean;
}

async function openProcesses(count: number) {
  const rig = await openTestStore();
  const work = { busy: 0 };
  const processes: Process[] = [];
  const calm: Store = { ...rig.store, kv: new FaultKv(rig.strict, work) };
  const begin = async (place: number) => {
    const faults = new FaultKv(rig.strict, work);
    const owner = await Owner.start(calm);
    const store: Store = { ...rig.store, kv: faults };
    const pool = new SlotPool(store, owner, KEY);
    processes[place] = { owner, faults, pool, slots: [], isDead: false };
  };
  for (let place = 0; place < count; place += 1) await begin(place);
  const settle = async () => {
    for (let idle = 0; idle < 3;) {
      await nextTurn();
      idle = work.busy === 0 ? idle + 1 : 0;
    }
  };
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 25) {
      rig.clock.advance(Math.min(25, left));
      await settle();
    }
  };
  return {
    calm,
    processes,
    begin,
    settle,
    advance,
    async [Symbol.asyncDispose]() {
      for (const { faults } of processes) faults.heal();
      await settle();
      rig[Symbol.dispose]();
    },
  };
}

/** Asks for a slot; it is the process's once it is there, unless that has died meanwhile. */
function take(process: Process, limit: number, refused: () => void): void {
  process.pool.take(limit).then((slot) => {
    if (slot === null) refused();
    else if (!process.isDead) process.slots.push(slot);
  }, () => {});
}

const ignore = () => {};

const inUse = (processes: readonly Process[]) =>
  processes.reduce((sum, { slots }) => sum + slots.length, 0);

type Step =
  | { type: "take" | "end" | "kill" | "fence"; who: number; count: number }
  | { type: "wait"; ms: number }
  | { type: "faults"; who: number; rate: number; seed: number };

const who = fc.nat({ max: 2 });
const count = fc.integer({ min: 1, max: 6 });

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant("take" as const), who, count }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant("end" as const), who, count }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom("kill" as const, "fence" as const),
        who,
        count,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("wait" as const),
        ms: fc.integer({ min: 1, max: 600 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("faults" as const),
        who,
        rate: fc.constantFrom(0, 0.2, 0.5),
        seed: fc.nat(),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

for (const limit of [3, 80]) {
  Deno.test(`SlotPool: never more than ${limit} at once, whatever happens, and all of them free again at the end`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        await using all = await openProcesses(3);
        const { processes, calm } = all;
        for (const step of plan) {
          if (step.type === "wait") {
            await all.advance(step.ms);
            continue;
          }
          const process = processes[step.who];
          switch (step.type) {
            case "take":
              for (let index = 0; index < step.count; index += 1) {
                take(process, limit, ignore);
              }
              break;
            case "end":
              for (const slot of process.slots.splice(0, step.count)) {
                slot.end();
              }
              break;
            case "faults":
              if (step.rate === 0) process.faults.heal();
              else {
                process.faults.randomly(step.seed, step.rate, BRIEF_FAULTS);
              }
              break;
            case "kill":
              process.isDead = true;
              process.slots = [];
              await fence(calm, process.owner.incarnation.id);
              await all.begin(step.who);
              break;
            case "fence":
              // It lives, and begins anew as soon as it hears of it.
              process.slots = [];
              await fence(calm, process.owner.incarnation.id);
              await process.owner.incarnation.lane.renew().catch(() => {});
              await all.settle();
          }
          await all.settle();
          assert.ok(inUse(processes) <= limit, `${inUse(processes)} at once`);
        }
        for (const { faults } of processes) faults.heal();
        // What was asked for under faults may come late.
        for (let round = 0; round < 2; round += 1) {
          for (const { slots } of processes) {
            for (const slot of slots.splice(0)) slot.end();
          }
          await all.advance(2_000);
        }
        for (let index = 0; index < limit; index += 1) {
          take(processes[0], limit, ignore);
        }
        await all.advance(500);
        assert.equal(processes[0].slots.length, limit);
      }),
      { numRuns: SEEDS },
    );
  });
}

Deno.test("SlotPool: what a dead process held is free as soon as it is fenced", async () => {
  await using all = await openProcesses(2);
  const [first, second] = all.processes;
  take(first, 2, ignore);
  take(first, 2, ignore);
  await all.settle();
  let refusals = 0;
  take(second, 2, () => refusals += 1);
  await all.settle();
  assert.equal(refusals, 1);
  await fence(all.calm, first.owner.incarnation.id);
  await all.advance(300);
  take(second, 2, ignore);
  await all.settle();
  assert.equal(second.slots.length, 1);
});

Deno.test("SlotPool: a limit that is lowered ends nothing and lets nobody in until enough have ended", async () => {
  await using all = await openProcesses(2);
  const [first, second] = all.processes;
  for (const process of [first, second]) {
    for (let index = 0; index < 2; index += 1) {
      take(process, 4, ignore);
    }
  }
  await all.settle();
  let refusals = 0;
  const refused = () => refusals += 1;
  first.slots.pop()?.end();
  take(first, 2, refused);
  await all.advance(400);
  assert.equal(refusals, 1);
  assert.equal(inUse(all.processes), 3);
  first.slots.pop()?.end();
  second.slots.pop()?.end();
  await all.advance(400);
  take(first, 2, ignore);
  await all.settle();
  assert.equal(inUse(all.processes), 2);
});

Deno.test("SlotPool: a run that ends and another that begins at once need the store once", async () => {
  await using all = await openProcesses(1);
  const [{ pool, faults, slots }] = all.processes;
  take(all.processes[0], 2, ignore);
  await all.settle();
  const { commits } = faults;
  for (let index = 0; index < 20; index += 1) {
    slots.pop()?.end();
    const slot = pool.tryTake(2);
    assert.ok(slot);
    slots.push(slot);
  }
  await all.settle();
  assert.equal(faults.commits, commits);
});
