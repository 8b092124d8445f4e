/** Amounts that turn out smaller or larger than what was taken for them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import {
  openRateProcesses,
  type RateProcesses,
} from "./testing/rate_processes.ts";

const SEEDS = Math.min(Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 20), 300);
const WINDOW_MS = 10_000;
const LIMIT = 1_000;

/** Something that was taken, and what it came to, by the true clock. */
interface Taken {
  atMs: number;
  amount: number;
  /** Null: it is not over. */
  ended: { atMs: number; actual: number } | null;
}

interface Job {
  who: number;
  amount: number;
  /** Part of it that is used in the end. */
  part: number;
  /** How long it takes, and how long after it the next one begins, in milliseconds. */
  lastsMs: number;
  pauseMs: number;
  fault: boolean;
}

const jobs: fc.Arbitrary<Job[]> = fc.array(
  fc.record({
    who: fc.nat({ max: 2 }),
    amount: fc.integer({ min: 1, max: 400 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    lastsMs: fc.integer({ min: 0, max: 4_000 }),
    pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_500 })),
    fault: fc.boolean(),
  }),
  { minLength: 5, maxLength: 50 },
);

function begin(rig: RateProcesses, job: Job, all: Taken[]): void {
  const { window } = rig.processes[job.who];
  window.take(job.amount, LIMIT).then((use) => {
    if (!use.ok) return;
    const taken: Taken = {
      atMs: rig.time.monotonic(),
      amount: job.amount,
      ended: null,
    };
    all.push(taken);
    rig.time.after(job.lastsMs, () => {
      const actual = Math.floor(job.amount * job.part);
      taken.ended = { atMs: rig.time.monotonic(), actual };
      window.correct(use, actual);
    });
  }, () => {});
}

/** What counted in the window that ends at a time, as it was known then. */
function countedAt(all: readonly Taken[], nowMs: number): number {
  let sum = 0;
  for (const { atMs, amount, ended } of all) {
    if (atMs > nowMs || atMs <= nowMs - WINDOW_MS) continue;
    const isOver = ended !== null && ended.atMs <= nowMs;
    sum += isOver ? ended.actual : amount;
  }
  return sum;
}

Deno.test("RateWindow: what is given back never lets a window see more than the limit", async () => {
  await fc.assert(
    fc.asyncProperty(jobs, fc.nat(), async (plan, seed) => {
      await using rig = await openRateProcesses(WINDOW_MS, 3);
      const all: Taken[] = [];
      for (const job of plan) {
        const { faults } = rig.processes[job.who];
        if (job.fault) faults.randomly(seed, 0.2, BRIEF_FAULTS);
        else faults.heal();
        begin(rig, job, all);
        await rig.advance(job.pauseMs);
      }
      await rig.advance(5_000);
      for (const { atMs } of all) {
        const counted = countedAt(all, atMs);
        assert.ok(counted <= LIMIT, `${counted} at ${atMs}`);
      }
    }),
    { numRuns: SEEDS },
  );
});

Deno.test("RateWindow: what was taken and not used is there for others within a second, also in another process", async () => {
  await using rig = await openRateProcesses(WINDOW_MS, 2);
  const [first, second] = rig.processes;
  const taking = first.window.take(900, LIMIT);
  await rig.settle();
  const use = await taking;
  assert.ok(use.ok);
  first.window.correct(use, 100);
  await rig.advance(1_000);
  const more = second.window.take(750, LIMIT);
  await rig.settle();
  assert.ok((await more).ok);
});

Deno.test("RateWindow: what was used beyond what was taken counts against those who come later", async () => {
  await using rig = await openRateProcesses(WINDOW_MS, 2);
  const [first, second] = rig.processes;
  const taking = first.window.take(100, LIMIT);
  await rig.settle();
  const use = await taking;
  assert.ok(use.ok);
  first.window.correct(use, 950);
  await rig.advance(200);
  const more = second.window.take(100, LIMIT);
  await rig.settle();
  const answer = await more;
  assert.ok(!answer.ok);
  assert.ok(answer.retryMs !== null && answer.retryMs > WINDOW_MS / 2);
});

Deno.test("RateWindow: more than the whole limit is refused for good, and a limit of nothing refuses all", async () => {
  await using rig = await openRateProcesses(WINDOW_MS, 1);
  const [{ window }] = rig.processes;
  assert.deepEqual(window.tryTake(11, 10), { ok: false, retryMs: null });
  assert.deepEqual(window.tryTake(1, 0), { ok: false, retryMs: null });
});

Deno.test("RateWindow: 20 callers of one hot key in three processes get no more than the limit, and nearly all of it without asking the store", async () => {
  const limit = 30_000;
  const windowMs = 60_000;
  await using rig = await openRateProcesses(windowMs, 3);
  let given = 0;
  let atOnce = 0;
  let asked = 0;
  // 5,000 checks a second for eight seconds.
  for (let step = 0; step < 160; step += 1) {
    for (let caller = 0; caller < 20; caller += 1) {
      const { window } = rig.processes[caller % 3];
      for (let check = 0; check < 13; check += 1) {
        asked += 1;
        const answer = window.tryTake(1, limit);
        if (answer !== null) atOnce += 1;
        if (answer?.ok) given += 1;
        if (answer !== null) continue;
        window.take(1, limit).then(({ ok }) => given += ok ? 1 : 0);
      }
    }
    await rig.advance(50);
  }
  assert.ok(asked > limit);
  assert.ok(given <= limit, `${given}`);
  assert.ok(given > 0.95 * limit, `${given}`);
  assert.ok(atOnce > 0.5 * asked, `${atOnce} of ${asked}`);
});
