/** Several processes with clocks of their own that count one subject's use in one store. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "@/lib/clock.ts";
import { laneKey, rateKey } from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import type { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { RateWindow } from "../rate.ts";
import { StoreTime } from "../store_time.ts";

/** How often a process renews its lane, in milliseconds. */
const RENEW_MS = 1_000;

/** A clock whose wall time can be set, and whose monotonic time has a start of its own. */
export class ProcessClock implements Clock {
  readonly #base: ManualClock;
  readonly #startMs: number;
  /** How far the wall clock is off. */
  offMs = 0;

  constructor(base: ManualClock, startMs: number) {
    this.#base = base;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#base.now() + this.offMs;
  }

  monotonic(): number {
    return this.#base.monotonic() + this.#startMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#base.after(delayMs, callback);
  }
}

/** One process. */
export interface RateProcess {
  name: string;
  clock: ProcessClock;
  faults: FaultKv;
  window: RateWindow;
}

/** An amount that a process was given, at a time of the true clock. */
export interface Admission {
  atMs: number;
  amount: number;
}

export interface RateProcesses extends AsyncDisposable {
  time: ManualClock;
  processes: RateProcess[];
  /** Begins a process in place of one, or another. */
  begin(place: number, offMs?: number): Promise<void>;
  /** Lets time go on, step by step, and the store work in between. */
  advance(ms: number): Promise<void>;
  /** Waits until the store has nothing to do. */
  settle(): Promise<void>;
}

export async function openRateProcesses(
  windowMs: number,
  count: number,
): Promise<RateProcesses> {
  const rig = await openTestStore();
  const work = { busy: 0 };
  const processes: RateProcess[] = [];
  const newest = new Map<string, string>();
  let begun = 0;
  let renewedMs = 0;

  async function renew(name: string): Promise<void> {
    const key = laneKey(name, 0);
    const { versionstamp } = await rig.strict.get(key);
    const result = await rig.strict.atomic()
      .check({ key, versionstamp }).set(key, { v: 1 }).commit();
    if (result.ok) newest.set(name, result.versionstamp);
  }

  async function settle(): Promise<void> {
    for (let idle = 0; idle < 3;) {
      await nextTurn();
      idle = work.busy === 0 ? idle + 1 : 0;
    }
  }

  const all: RateProcesses = {
    time: rig.clock,
    processes,
    settle,
    async begin(place, offMs = 0) {
      begun += 1;
      const name = `inc_${begun}`;
      await renew(name);
      const clock = new ProcessClock(rig.clock, begun * 10_000);
      clock.offMs = offMs;
      const faults = new FaultKv(rig.strict, work);
      const store: Store = { ...rig.store, kv: faults, clock };
      const storeTime = new StoreTime(clock, () => newest.get(name)!);
      storeTime.start();
      processes[place] = {
        name,
        clock,
        faults,
        window: new RateWindow({
          store,
          storeTime,
          key: rateKey("wsp_1", "requests", windowMs, "key:key_1"),
          windowMs,
        }),
      };
    },
    async advance(ms) {
      const untilMs = rig.clock.monotonic() + ms;
      while (rig.clock.monotonic() < untilMs) {
        const stepMs = Math.min(50, untilMs - rig.clock.monotonic());
        rig.clock.advance(stepMs);
        if (rig.clock.monotonic() - renewedMs >= RENEW_MS) {
          renewedMs = rig.clock.monotonic();
          for (const { name } of processes) await renew(name);
        }
        await settle();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { faults } of processes) faults.heal();
      await settle();
      rig[Symbol.dispose]();
    },
  };
  for (let place = 0; place < count; place += 1) await all.begin(place);
  return all;
}

/** The most that any window of this length saw. */
export function mostInWindow(
  admissions: readonly Admission[],
  windowMs: number,
): number {
  const sorted = admissions.toSorted((left, right) => left.atMs - right.atMs);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { atMs, amount } of sorted) {
    sum += amount;
    // The window is open at its beginning: what was just its length ago has left it.
    while (sorted[first].atMs <= atMs - windowMs) {
      sum -= sorted[first].amount;
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}
