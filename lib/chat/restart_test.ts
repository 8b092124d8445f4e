import assert from "node:assert/strict";
import type { RunRecord } from "./records.ts";
import { restartOf } from "./restart.ts";

const record = (counts: Partial<RunRecord> = {}) =>
  ({ id: "run_1", ...counts }) as RunRecord;

const alone = { isAlone: true, deadForMs: 0 };
const among = { isAlone: false, deadForMs: 0 };

/** What becomes of a run whose process dies again and again. */
function crashes(times: number, among: (crash: number) => boolean) {
  let counts = {};
  for (let crash = 1; crash <= times; crash += 1) {
    const budget = restartOf(record(counts), {
      isAlone: !among(crash),
      deadForMs: 0,
    });
    if (!budget.isLeft) return crash;
    counts = budget.counts;
  }
  return null;
}

Deno.test("restartOf: a run that is alone each time is begun again twice", () => {
  assert.equal(crashes(5, () => false), 3);
});

Deno.test("restartOf: the first crash among others is charged to nobody, the second once", () => {
  const first = restartOf(record(), among);
  assert.deepEqual([first.isLeft, first.counts.charged], [true, 0]);
  const second = restartOf(record(first.counts), among);
  assert.deepEqual([second.isLeft, second.counts.charged], [true, 1]);
  const third = restartOf(record(second.counts), among);
  assert.deepEqual([third.isLeft, third.counts.charged], [true, 1]);
});

Deno.test("restartOf: a neighbour of a run that kills its process is charged once, however often that happens", () => {
  assert.equal(crashes(20, () => true), null);
});

Deno.test("restartOf: a group that has killed its process is halved", () => {
  assert.equal(
    restartOf(record({ restartGroup: 8 }), among).groupLimit,
    4,
  );
  assert.equal(restartOf(record({ restartGroup: 1 }), alone).groupLimit, 1);
  assert.equal(restartOf(record(), among).groupLimit, Infinity);
});

Deno.test("restartOf: hand-overs are counted apart, eight at most", () => {
  const budget = restartOf(record({ isHandedOver: true, charged: 2 }), alone);
  assert.deepEqual(budget, {
    isLeft: true,
    groupLimit: Infinity,
    counts: { crashes: 0, charged: 2, handovers: 1 },
  });
  const last = record({ isHandedOver: true, handovers: 8 });
  assert.equal(restartOf(last, alone).isLeft, false);
});

Deno.test("restartOf: after a quarter of an hour nobody waits any more", () => {
  const later = (minutes: number) =>
    restartOf(record(), { isAlone: true, deadForMs: minutes * 60_000 }).isLeft;
  assert.deepEqual([later(15), later(16)], [true, false]);
});
