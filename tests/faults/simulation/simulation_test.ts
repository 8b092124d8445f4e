/**
 * Whatever happens to processes, clients, clocks and the store, and in whatever order: runs, their log,
 * the ledger and incarnations are as they have to be, at each commit and in the end. A schedule that
 * fails is printed with seed and path; FRESHET_TEST_SEED and FRESHET_TEST_PATH play it again.
 * FRESHET_TEST_SEEDS is the number of schedules.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Mutant,
  withoutClaimCheck,
  withoutFenceCheck,
  withoutLaneCheck,
  withoutLaneReadBack,
  withoutUnitReadBack,
} from "./mutants.ts";
import { type Schedule, schedules } from "./schedule.ts";
import { play } from "./world.ts";

const SCHEDULES = Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 2_000);
const SEED = Number(
  Deno.env.get("FRESHET_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31),
);
const PATH = Deno.env.get("FRESHET_TEST_PATH");

/** Each mutant has to be noticed within so many schedules of one seed. */
const MUTANT_SCHEDULES = 1_500;
const MUTANT_SEED = 1;

Deno.test("simulation: whatever happens, runs, log, ledger and incarnations stay exact", async () => {
  console.log(`Simulation: FRESHET_TEST_SEED=${SEED}`);
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const { failures, counts } = await play(schedule);
      for (const [what, count] of Object.entries(counts)) {
        seen.set(what, (seen.get(what) ?? 0) + count);
      }
      assert.deepEqual(failures, []);
    }),
    { numRuns: SCHEDULES, seed: SEED, path: PATH },
  );
  if (PATH !== undefined || SCHEDULES < 500) return;
  // Schedules in which nothing of this happens would prove nothing.
  const wanted = [
    "completed",
    "cancelled",
    "failed",
    "interrupted",
    "continued",
    "crashed",
    "handedOver",
    "fenced",
  ];
  for (const what of wanted) {
    assert.ok((seen.get(what) ?? 0) > 0, `nothing was ${what}`);
  }
});

Deno.test("simulation: a schedule plays the same way each time", async () => {
  for (const schedule of fc.sample(schedules, { numRuns: 20, seed: SEED })) {
    const [once, again] = [await play(schedule), await play(schedule)];
    assert.deepEqual(again.trace, once.trace);
  }
});

Deno.test("simulation: an answer whose start counts after its asker was told nothing is begun all the same", async () => {
  const asked: Schedule = {
    seed: 1,
    machines: 1,
    isWatched: true,
    plans: [{ gapsMs: [20, 20], end: "finish" }],
    steps: [
      {
        afterMs: 0,
        happening: {
          type: "commits",
          machine: 0,
          faults: ["hold", ...Array<"hang">(40).fill("hang")],
        },
      },
      {
        afterMs: 0,
        happening: { type: "ask", machine: 0, thread: 0, isFollowed: false },
      },
      { afterMs: 4_000, happening: { type: "deliver", process: 0 } },
    ],
  };
  const { failures, counts } = await play(asked);
  assert.deepEqual(failures, []);
  assert.equal(counts.completed, 1);
});

for (
  const [name, mutant] of Object.entries<Mutant>({
    "the lane's check of its head": withoutLaneCheck,
    "the lane's read-back": withoutLaneReadBack,
    "the check that an owner still counts": withoutFenceCheck,
    "the check of the run that is taken over": withoutClaimCheck,
    "the read-back of a unit outside the lane": withoutUnitReadBack,
  })
) {
  Deno.test(`simulation: notices when ${name} is missing`, async () => {
    const { failed } = await fc.check(
      fc.asyncProperty(schedules, async (schedule) => {
        assert.deepEqual((await play(schedule, mutant)).failures, []);
      }),
      { numRuns: MUTANT_SCHEDULES, seed: MUTANT_SEED, endOnFailure: true },
    );
    assert.ok(failed);
  });
}
