/** Several processes that spend of the same budgets on one store, where things go wrong. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BudgetRule } from "@/lib/config/budgets.ts";
import { StorageError } from "@/lib/errors.ts";
import { fence } from "@/lib/kv/fence.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import type { BudgetAsk, BudgetReservation } from "../budget_reservation.ts";
import { BudgetSettings } from "../budget_settings.ts";
import { Budgets, type UnfinishedAttempt } from "../budgets.ts";
import type { Subjects } from "../subjects.ts";

export const WORKSPACE = "wsp_0000000000000000000000";

/** A request of somebody; in tests each token of an answer costs a micro-dollar. */
export const SUBJECTS: Subjects = {
  workspace: WORKSPACE,
  groups: [],
  user: "usr_1",
  key: null,
  model: "m1",
  address: null,
};

export function ask(
  outputTokens: number,
  stepTokens: number | null = null,
): BudgetAsk {
  return {
    inputTokens: 0,
    outputTokens,
    stepTokens,
    cost: (_, output) => output,
  };
}

/** One process. */
export interface BudgetProcess {
  store: Store;
  faults: FaultKv;
  owner: Owner;
  budgets: Budgets;
  settings: BudgetSettings;
  /** What is under way, with what it would be estimated at, and the row of its end if that is on its way. */
  running: Map<BudgetReservation, { estimate: number; row: number | null }>;
  isDead: boolean;
  /** By how much its wall clock is wrong, in milliseconds. */
  skewMs: number;
}

export interface BudgetProcesses extends Disposable {
  test: TestStore;
  all: BudgetProcess[];
  begin(): Promise<BudgetProcess>;
  /** Lets time go on by itself while nothing else does, until the promise has settled. */
  drive<T>(promise: Promise<T>): Promise<T>;
  /** A process ends an attempt: its ledger row, here a plain row, travels with what it has spent. */
  end(
    process: BudgetProcess,
    reservation: BudgetReservation,
    used: number,
  ): Promise<void>;
  /** A process is killed, and another finds it: what it left counts as estimated. */
  bury(process: BudgetProcess): Promise<void>;
  /** What the ledger comes to: the rows that were written, and those by estimate. */
  ledger(): Promise<number>;
}

export async function openProcesses(
  rules: readonly BudgetRule[],
): Promise<BudgetProcesses> {
  const test = await openTestStore();
  const all: BudgetProcess[] = [];
  let estimated = 0;
  let rows = 0;
  const drive = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const settle = () => settled = true;
    promise.then(settle, settle);
    while (!settled) {
      await nextTurn();
      const isBusy = [test.faults, ...all.map(({ faults }) => faults)]
        .some(({ busy }) => busy > 0);
      if (!settled && !isBusy) test.clock.advanceToNext();
    }
    return await promise;
  };
  return {
    test,
    all,
    drive,
    async ledger() {
      let written = 0;
      const ends = test.calm.kv.list<{ used: number }>({ prefix: ["row"] });
      for await (const { value } of ends) written += value.used;
      return written + estimated;
    },
    async begin() {
      const faults = new FaultKv(test.strict);
      const { clock } = test;
      const store: Store = {
        ...test.store,
        kv: faults,
        clock: {
          now: () => clock.now() + process.skewMs,
          monotonic: () => clock.monotonic(),
          after: (delayMs, callback) => clock.after(delayMs, callback),
        },
      };
      const process = { skewMs: 0 } as BudgetProcess;
      const owner = await Owner.start(store);
      const settings = new BudgetSettings(store, rules);
      const budgets = new Budgets({
        store,
        owner,
        settings,
        keyBudgets: { peek: () => null, load: () => Promise.resolve(null) },
      });
      const running: BudgetProcess["running"] = new Map();
      Object.assign(process, {
        store,
        faults,
        owner,
        budgets,
        settings,
        running,
        isDead: false,
      });
      all.push(process);
      return process;
    },
    async end({ owner, running }, reservation, used) {
      const { id, lane } = owner.incarnation;
      rows += 1;
      running.get(reservation)!.row = rows;
      const counters = reservation.settle(
        { microUsd: used, tokens: used },
        id,
      );
      await lane.write({
        sets: [{
          key: ["row", running.get(reservation)!.row!],
          value: { v: 1, used },
        }],
        counters,
        urgency: "now",
      });
      running.delete(reservation);
    },
    async bury(process) {
      process.isDead = true;
      const { id } = process.owner.incarnation;
      const finder = all.find(({ isDead }) => !isDead)!;
      while (!await fence(test.calm, id)) {
        // It moved in this moment.
      }
      const attempts: UnfinishedAttempt[] = [];
      for (const [reservation, { estimate, row }] of process.running) {
        const end = row === null ? null : await get(test.calm, ["row", row]);
        if (end !== null && end.versionstamp !== null) continue;
        estimated += estimate;
        attempts.push({
          workspace: WORKSPACE,
          note: reservation.note!,
          estimate: { microUsd: estimate, tokens: estimate },
        });
      }
      for (;;) {
        try {
          return await finder.budgets.bury(id, attempts);
        } catch (error) {
          // The store did not answer; it is tried again until it does.
          if (!(error instanceof StorageError)) throw error;
        }
      }
    },
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}
