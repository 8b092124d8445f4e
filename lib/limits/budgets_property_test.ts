/** Any number of processes that spend of one budget in any order: what must hold for all of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AppError, FencedError } from "@/lib/errors.ts";
import { budgetsOf } from "@/lib/kv/keys.ts";
import { ALL_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { type BudgetRecord, taken } from "./budget_record.ts";
import type { BudgetReservation } from "./budget_reservation.ts";
import {
  ask,
  type BudgetProcess,
  type BudgetProcesses,
  openProcesses,
  SUBJECTS,
  WORKSPACE,
} from "./testing/budget_processes.ts";

type Action =
  | { type: "ask"; who: number; tokens: number }
  | { type: "end"; who: number; part: number }
  | { type: "kill"; who: number }
  | { type: "jump"; who: number; hours: number }
  | { type: "tidy" | "deliver" }
  | { type: "wait" };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("ask" as const),
        who: fc.nat(9),
        tokens: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("end" as const),
        who: fc.nat(9),
        part: fc.integer({ min: 0, max: 130 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("kill" as const),
        who: fc.nat(9),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("jump" as const),
        who: fc.nat(9),
        hours: fc.integer({ min: -30, max: 30 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("tidy" as const, "deliver" as const),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ type: "wait" as const }) },
  ),
  { minLength: 5, maxLength: 60 },
);

const LIMIT = 200;
const HOUR_MS = 3_600_000;

const RULE = {
  subject: "user:*",
  period: "day",
  usd: "0.0002",
  softRatio: 0.8,
} as const;

class Scene {
  readonly reserved = new Map<BudgetReservation, number>();
  readonly #work = new Set<Promise<unknown>>();
  /** What answers came to beyond what was reserved for them. */
  excess = 0;

  constructor(readonly processes: BudgetProcesses) {}

  #alive(who: number): BudgetProcess {
    const alive = this.processes.all.filter(({ isDead }) => !isDead);
    return alive[who % alive.length];
  }

  #begin(work: Promise<unknown>): void {
    const safe = work.catch((error) => {
      const isRefusal = error instanceof AppError ||
        error instanceof FencedError;
      if (!isRefusal) throw error;
    }).finally(() => this.#work.delete(safe));
    this.#work.add(safe);
  }

  async act(action: Action): Promise<void> {
    switch (action.type) {
      case "ask":
        return this.#begin(this.#ask(this.#alive(action.who), action.tokens));
      case "end": {
        const process = this.#alive(action.who);
        const [reservation] = [...process.running.keys()]
          .filter((each) => process.running.get(each)!.row === null);
        if (reservation === undefined) return;
        const most = this.reserved.get(reservation)!;
        const used = Math.floor(most * action.part / 100);
        this.excess += Math.max(used - most, 0);
        return this.#begin(this.processes.end(process, reservation, used));
      }
      case "kill": {
        const alive = this.processes.all.filter(({ isDead }) => !isDead);
        if (alive.length < 2) return;
        return await this.processes.drive(
          this.processes.bury(this.#alive(action.who)),
        );
      }
      case "jump":
        this.#alive(action.who).skewMs = action.hours * HOUR_MS;
        return;
      case "tidy":
        for (const { budgets, isDead } of this.processes.all) {
          if (!isDead) this.#begin(budgets.tidy());
        }
        return;
      case "deliver":
        for (const { faults } of this.processes.all) await faults.applyHeld();
        return;
      case "wait":
        await this.processes.drive(this.settled());
        return await this.check();
    }
  }

  async #ask(process: BudgetProcess, tokens: number): Promise<void> {
    try {
      const reservation = await process.budgets.reserve(SUBJECTS, ask(tokens));
      // Its process may have died while it asked.
      if (process.isDead) return;
      this.reserved.set(reservation, tokens);
      const estimate = Math.floor(tokens / 3);
      process.running.set(reservation, { estimate, row: null });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
    for (const { budgets, isDead } of this.processes.all) {
      if (!isDead) await budgets.settled();
    }
  }

  /** Of each day. */
  async records(): Promise<BudgetRecord[]> {
    const { calm } = this.processes.test;
    const rows = calm.kv.list<BudgetRecord>(budgetsOf(WORKSPACE));
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  async check(): Promise<void> {
    const records = await this.records();
    const most = LIMIT + this.excess;
    for (const record of records) {
      assert.ok(taken(record).microUsd <= most, "granted beyond the limit");
    }
    for (const { owner, running, isDead } of this.processes.all) {
      if (isDead) continue;
      let reserved = 0;
      for (const [each, { row }] of running) {
        if (row === null) reserved += this.reserved.get(each)!;
      }
      let grant = 0;
      for (const { grants } of records) {
        grant += grants[owner.incarnation.id]?.microUsd ?? 0;
      }
      assert.ok(reserved <= grant, `reserved ${reserved} of ${grant}`);
    }
  }
}

for (const rate of [0, 0.15]) {
  Deno.test(`Budgets: with faults in ${rate * 100} % of calls nothing is granted beyond the limit, and what is closed in the end is the ledger`, async () => {
    await fc.assert(
      fc.asyncProperty(
        actions,
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        async (steps, count, seed) => {
          using processes = await openProcesses([RULE]);
          for (let each = 0; each < count; each += 1) {
            const { faults } = await processes.begin();
            if (rate > 0) faults.randomly(seed + each, rate, ALL_FAULTS);
          }
          const scene = new Scene(processes);
          for (const step of steps) await scene.act(step);
          for (const { faults } of processes.all) faults.heal();
          await scene.act({ type: "deliver" });
          await processes.drive(scene.settled());
          await scene.check();
          const last = await processes.begin();
          for (const process of processes.all) {
            if (process === last || process.isDead) continue;
            await processes.drive(processes.bury(process));
          }
          const records = await scene.records();
          let closed = 0;
          for (const record of records) {
            closed += record.closed.microUsd;
            assert.deepEqual(record.grants, {});
            assert.ok(record.closed.microUsd <= LIMIT + scene.excess);
          }
          assert.equal(closed, await processes.ledger());
        },
      ),
      { numRuns: rate === 0 ? 150 : 250 },
    );
  });
}
