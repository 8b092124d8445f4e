/**
 * A due time yields at most one job (storage.md, invariant 18), whatever becomes of processes, clocks and the
 * store; and once all that is over, no schedule has been forgotten.
 */
import assert from "node:assert/strict";
import { scheduleDueKey, schedulesDue } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { ALL_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { rounds } from "@/tests/support/size.ts";
import { cronTimes } from "./cron_times.ts";
import {
  type ScheduleProcess,
  scheduleWorld,
  SPACE,
  wanted,
} from "./testing/schedule_rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STEPS = 60;

const CRONS = [
  "* * * * *",
  "*/7 * * * *",
  "0 * * * *",
  "30 2 * * *",
  "0,30 1-3 * * *",
];
const ZONES = ["Europe/Berlin", "UTC", "Australia/Lord_Howe"];

Deno.test("Ticker: over kills, lost answers, zombies, edits and clock jumps no due time gets two jobs, and no schedule is lost", async () => {
  for (let seed = 1; seed <= rounds(6, 600); seed += 1) await simulate(seed);
});

async function simulate(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const pick = <T>(items: readonly T[]) => items[below(items.length)];
  using world = await scheduleWorld();
  // Shortly before the clocks of Berlin change, on some seeds.
  if (seed % 3 === 0) {
    world.clock.advance(Date.UTC(2026, 2, 28, 23) - world.clock.now());
  }
  const begin = () => {
    const process = world.begin();
    process.faults.randomly(below(1e9), 0.15, ALL_FAULTS);
    return process;
  };
  const processes = [begin(), begin(), begin()];
  const dead: ScheduleProcess[] = [];
  const ids: string[] = [];
  const attempt = async (work: Promise<unknown>) => {
    // What the store does not answer is refused, or has happened all the same.
    await world.drive(work.catch(() => {}));
  };
  const steps: (() => Promise<void>)[] = [
    async () => {
      const { schedules } = pick(processes);
      await attempt(
        schedules.create(
          SPACE,
          wanted({
            cron: pick(CRONS),
            timeZone: pick(ZONES),
            missed: pick(["skip", "once"]),
          }),
        ).then(({ id }) => ids.push(id)),
      );
    },
    async () => {
      world.clock.advance(below(20 * MINUTE_MS));
      await attempt(
        Promise.allSettled(processes.map(({ ticker }) => ticker.tick())),
      );
    },
    async () => {
      world.clock.advance(below(3 * MINUTE_MS));
      await attempt(pick(processes).ticker.tick());
    },
    async () => {
      if (ids.length === 0) return;
      const patch = pick([
        { cron: pick(CRONS) },
        { timeZone: pick(ZONES) },
        { paused: true },
        { paused: false },
        { name: "Another" },
      ]);
      await attempt(
        pick(processes).schedules.update(SPACE, pick(ids), patch, () => {}),
      );
    },
    async () => {
      if (ids.length < 4) return;
      await attempt(
        pick(processes).schedules.delete(SPACE, pick(ids), () => {}),
      );
    },
    () => {
      // Killed: what it has sent may still arrive.
      const place = below(processes.length);
      dead.push(processes[place]);
      processes[place] = begin();
      return Promise.resolve();
    },
    async () => {
      for (const { faults } of [...dead, ...processes]) {
        await faults.applyHeld();
      }
    },
    () => {
      const process = pick(processes);
      process.skewMs = pick([0, 0, HOUR_MS, -HOUR_MS, 30 * 24 * HOUR_MS]);
      return Promise.resolve();
    },
    () => {
      world.clock.advance(below(30) * HOUR_MS);
      return Promise.resolve();
    },
  ];
  for (let step = 0; step < STEPS; step += 1) {
    await pick([steps[0], steps[1], steps[1], steps[2], ...steps])();
  }
  for (const { faults } of [...dead, ...processes]) {
    faults.heal();
    await faults.applyHeld();
  }
  const last = world.begin();
  await world.drive(last.ticker.tick());
  await assertOnce(world, seed);
  await assertNoneLost(world, last, seed);
}

type World = Awaited<ReturnType<typeof scheduleWorld>>;

/** Each due time of each schedule has one job at most, by the history and by the jobs. */
async function assertOnce(world: World, seed: number): Promise<void> {
  const jobs = await world.jobs();
  const known = new Set(jobs.map(({ id }) => id));
  const seen = new Map<string, string>();
  for await (
    const { key, value } of list<{ kind: string; job: string | null }>(
      world.calm,
      { prefix: [SPACE, "sh"] },
    )
  ) {
    if (value.kind !== "due") continue;
    const due = `${String(key[2])} ${String(key[3])}`;
    assert.ok(!seen.has(due), `seed ${seed}: ${due} has two jobs`);
    seen.set(due, value.job!);
    assert.ok(known.has(value.job!), `seed ${seed}: a job is missing`);
  }
  assert.equal(seen.size, jobs.length, `seed ${seed}: a job has no due time`);
}

/** Each schedule that goes on is due at its next time, and stands there and nowhere else. */
async function assertNoneLost(
  world: World,
  { schedules }: ScheduleProcess,
  seed: number,
): Promise<void> {
  const { items } = await world.drive(
    schedules.list(SPACE, { limit: 200, cursor: null }),
  );
  const expected = items.filter(({ paused }) => paused === null).map(
    ({ id, cron, timeZone }) => {
      const next = cronTimes(cron, timeZone).next(world.clock.now())!;
      return JSON.stringify(scheduleDueKey(next, SPACE, id));
    },
  );
  const rows = await Array.fromAsync(
    list(world.calm, schedulesDue(null)),
    ({ key }) => JSON.stringify(key),
  );
  assert.deepEqual(rows.sort(), expected.sort(), `seed ${seed}`);
}
