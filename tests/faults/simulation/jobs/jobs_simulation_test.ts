/**
 * Whatever happens to processes, clocks and the store, and in whatever order: each job is in one place,
 * has one owner, counts once, and comes to its end. A schedule that fails is printed with seed and path;
 * FRESHET_TEST_SEED and FRESHET_TEST_PATH play it again.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { rounds } from "@/tests/support/size.ts";
import {
  type Mutant,
  withoutFenceCheck,
  withoutJobCheck,
  withoutLaneCheck,
} from "../mutants.ts";
import { type JobSchedule, jobSchedules } from "./job_schedule.ts";
import { playJobs } from "./job_world.ts";

const SCHEDULES = Number(
  Deno.env.get("FRESHET_TEST_SEEDS") ?? rounds(100, 3_000),
);
const SEED = Number(
  Deno.env.get("FRESHET_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31),
);
const PATH = Deno.env.get("FRESHET_TEST_PATH");

/** Each mutant has to be noticed within so many schedules of one seed. */
const MUTANT_SCHEDULES = 1_500;
const MUTANT_SEED = 1;

Deno.test("simulation of jobs: whatever happens, each is in one place, counts once and comes to its end", async () => {
  console.log(`Simulation of jobs: FRESHET_TEST_SEED=${SEED}`);
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(jobSchedules, async (schedule) => {
      const { failures, counts } = await playJobs(schedule);
      for (const [what, count] of Object.entries(counts)) {
        seen.set(what, (seen.get(what) ?? 0) + count);
      }
      assert.deepEqual(failures, []);
    }),
    { numRuns: SCHEDULES, seed: SEED, path: PATH },
  );
  if (PATH !== undefined || SCHEDULES < 100) return;
  // Schedules in which nothing of this happens would prove nothing.
  for (
    const what of ["completed", "cancelled", "dead", "handedOver", "fenced"]
  ) {
    assert.ok((seen.get(what) ?? 0) > 0, `nothing was ${what}`);
  }
});

Deno.test("simulation of jobs: a schedule plays the same way each time", async () => {
  for (const schedule of fc.sample(jobSchedules, { numRuns: 5, seed: SEED })) {
    const [once, again] = [await playJobs(schedule), await playJobs(schedule)];
    assert.deepEqual(again.trace, once.trace);
  }
});

Deno.test("simulation of jobs: one that kills every process dies, and costs its neighbours one attempt at most", async () => {
  for (const seed of [1, 2, 3]) {
    const ask = (deed: "slow" | "poison") => ({
      type: "ask" as const,
      machine: 0,
      workspace: 0,
      deed,
      delayMs: 0,
      dedupKey: null,
    });
    const poisoned: JobSchedule = {
      seed,
      machines: 1,
      isSilent: false,
      steps: [
        ...Array.from({ length: 4 }, () => ({
          afterMs: 5,
          happening: ask("slow"),
        })),
        { afterMs: 300, happening: ask("poison") },
        { afterMs: 0, happening: ask("slow") },
      ],
    };
    const { failures, jobs } = await playJobs(poisoned);
    assert.deepEqual(failures, []);
    for (const { kind, status, attempts } of jobs) {
      assert.equal(status, kind === "sim.poison" ? "dead" : "completed");
      const charged = attempts.filter(({ error }) => error !== null).length;
      assert.ok(kind === "sim.poison" ? charged === 2 : charged <= 1);
    }
  }
});

for (
  const [name, mutant] of Object.entries<Mutant>({
    "the lane's check of its head": withoutLaneCheck,
    "the check that an owner still counts": withoutFenceCheck,
    "the check of the job that is claimed": withoutJobCheck,
  })
) {
  Deno.test(`simulation of jobs: notices when ${name} is missing`, async () => {
    const { failed } = await fc.check(
      fc.asyncProperty(jobSchedules, async (schedule) => {
        assert.deepEqual((await playJobs(schedule, mutant)).failures, []);
      }),
      { numRuns: MUTANT_SCHEDULES, seed: MUTANT_SEED, endOnFailure: true },
    );
    assert.ok(failed);
  });
}
