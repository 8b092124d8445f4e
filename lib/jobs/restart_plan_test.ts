import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobRecord } from "./job_record.ts";
import { planRestart } from "./restart_plan.ts";
import { recordOf } from "./testing/job_records.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

const running: fc.Arbitrary<JobRecord[]> = fc.array(
  fc.record({
    restartGroup: fc.option(fc.constantFrom(1, 2, 4, 8), { nil: null }),
    ageMs: fc.constantFrom(0, 500, 1_500, 2_500, 60_000),
    attempt: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
).map((all) =>
  all.map(({ restartGroup, ageMs, attempt }, index) =>
    recordOf({
      id: `job_${index}`,
      status: "running",
      owner: "inc_dead",
      attempt,
      restartGroup,
      startedAt: new Date(NOW_MS - ageMs).toISOString(),
    })
  )
);

Deno.test("planRestart: each job goes on once, in growing groups, and one at most is charged", () => {
  fc.assert(
    fc.property(running, (jobs) => {
      const plan = planRestart(jobs, { diedAtMs: NOW_MS, nowMs: NOW_MS });
      assert.deepEqual(
        plan.map(({ before }) => before.id).sort(),
        jobs.map(({ id }) => id).sort(),
      );
      const charged = plan.filter(({ before, next }) =>
        next.record.attempt === before.attempt
      );
      assert.ok(charged.length <= 1);
      const others = plan.filter((each) => !charged.includes(each));
      const groups = [...Map.groupBy(
        others,
        ({ next }) => next.record.runAt,
      )].toSorted(([left], [right]) => left - right);
      for (const [turn, [runAtMs, group]] of groups.entries()) {
        const sinceMs = runAtMs - (groups[turn - 1]?.[0] ?? NOW_MS);
        assert.ok(turn === 0 ? sinceMs === 0 : sinceMs >= 1_000);
        assert.ok(group.length <= 2 ** turn);
      }
      if (charged.length === 1 && jobs.length > 1) {
        assert.notEqual(charged[0].before.restartGroup, null);
      }
    }),
  );
});

Deno.test("planRestart: whatever kills each process is found, and dies without a charge to the others", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.nat(59),
      (count, place) => {
        let jobs = Array.from({ length: count }, (_, index) =>
          recordOf({
            id: `job_${String(index).padStart(2, "0")}`,
            status: "running",
            attempt: 1,
            maxAttempts: 3,
            startedAt: new Date(NOW_MS - 60_000).toISOString(),
          }));
        const poison = jobs[place % count].id;
        let nowMs = NOW_MS;
        let deaths = 0;
        while (jobs.some(({ id }) => id === poison)) {
          deaths += 1;
          assert.ok(deaths < 40, "it is never found");
          const planned = planRestart(jobs, { diedAtMs: nowMs, nowMs })
            .map(({ next }) => next.record)
            .filter(({ status }) => status === "queued")
            .toSorted((left, right) => left.runAt - right.runAt);
          const killer = planned.find(({ id }) => id === poison);
          if (killer === undefined) break;
          // It kills the next process as soon as it begins; who would have begun later still waits.
          nowMs = Math.max(nowMs, killer.runAt);
          jobs = planned.filter(({ runAt }) => runAt <= killer.runAt)
            .map((record) => ({
              ...record,
              status: "running",
              attempt: record.attempt + 1,
              startedAt: new Date(record.runAt).toISOString(),
            }));
          for (const { id, attempts } of jobs) {
            if (id !== poison) assert.equal(attempts.length, 0, id);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
