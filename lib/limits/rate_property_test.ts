/** Any number of processes, faults, restarts and clocks: what must hold for every sliding window. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import {
  type Admission,
  mostInWindow,
  openRateProcesses,
  type RateProcesses,
} from "./testing/rate_processes.ts";

const SEEDS = Math.min(Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 15), 300);
const HOUR_MS = 3_600_000;

type Step =
  | { type: "ask"; who: number; count: number }
  | { type: "wait"; ms: number }
  | { type: "restart"; who: number }
  | { type: "jump"; who: number; ms: number }
  | { type: "faults"; who: number; rate: number; seed: number };

const who = fc.nat({ max: 2 });

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant("ask" as const),
        who,
        count: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant("wait" as const),
        ms: fc.oneof(
          fc.integer({ min: 1, max: 300 }),
          fc.integer({ min: 300, max: 9_000 }),
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant("restart" as const), who }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("jump" as const),
        who,
        ms: fc.constantFrom(-HOUR_MS, -5_000, 5_000, HOUR_MS),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("faults" as const),
        who,
        rate: fc.constantFrom(0, 0.1, 0.4),
        seed: fc.nat(),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** Asks so often at once and remembers what was given, at the time at which it was. */
function ask(
  rig: RateProcesses,
  place: number,
  count: number,
  limit: number,
  given: Admission[],
  amount = 1,
): void {
  const { window } = rig.processes[place];
  for (let index = 0; index < count; index += 1) {
    window.take(amount, limit).then((answer) => {
      if (answer.ok) given.push({ atMs: rig.time.monotonic(), amount });
    }, () => {});
  }
}

async function play(
  rig: RateProcesses,
  plan: Step[],
  limit: number,
  given: Admission[],
): Promise<void> {
  for (const step of plan) {
    if (step.type === "wait") await rig.advance(step.ms);
    else if (step.type === "ask") ask(rig, step.who, step.count, limit, given);
    else if (step.type === "restart") {
      const { offMs } = rig.processes[step.who].clock;
      await rig.begin(step.who, offMs);
    } else if (step.type === "jump") {
      rig.processes[step.who].clock.offMs += step.ms;
    } else {
      const { faults } = rig.processes[step.who];
      if (step.rate === 0) faults.heal();
      else faults.randomly(step.seed, step.rate, BRIEF_FAULTS);
    }
    await rig.settle();
  }
}

for (const limit of [7, 59, 100]) {
  for (const windowMs of [10_000, 60_000]) {
    Deno.test(`RateWindow: no window of ${windowMs} ms sees more than ${limit}, whatever happens`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (plan) => {
          await using rig = await openRateProcesses(windowMs, 3);
          const given: Admission[] = [];
          await play(rig, plan, limit, given);
          assert.ok(
            mostInWindow(given, windowMs) <= limit,
            `${mostInWindow(given, windowMs)} were admitted`,
          );
        }),
        { numRuns: SEEDS },
      );
    });
  }
}

Deno.test("RateWindow: after a window without load the whole limit is free again", async () => {
  const windowMs = 10_000;
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(20, 100), async (plan, limit) => {
      await using rig = await openRateProcesses(windowMs, 3);
      await play(rig, plan, limit, []);
      for (const { faults } of rig.processes) faults.heal();
      // A process that was given up may have used what it holds for a second, and who has not looked at
      // the record since it was written knows its age only as well as it samples and renews its lane.
      await rig.advance(windowMs + 3 * 1_000 + 100);
      const given: Admission[] = [];
      ask(rig, 0, limit, limit, given);
      await rig.advance(50);
      assert.equal(given.length, limit);
    }),
    { numRuns: SEEDS },
  );
});
