/**
 * What the checks of limits and budgets cost: how long they take, how often they ask the store, and
 * whether many callers at once get more than there is.
 */
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import type { BudgetAsk } from "@/lib/limits/budget_reservation.ts";
import { BudgetSettings } from "@/lib/limits/budget_settings.ts";
import { Budgets } from "@/lib/limits/budgets.ts";
import { LimitSettings } from "@/lib/limits/limit_settings.ts";
import { Limits } from "@/lib/limits/limits.ts";
import type { Subjects } from "@/lib/limits/subjects.ts";
import { quantile } from "./quantile.ts";

const CALLERS = 20;
const CHECKS_PER_SECOND = 5_000;
const SECONDS = 4;
const MS_PER_SECOND = 1_000;

const HOT: Subjects = {
  workspace: "wsp_1",
  groups: ["grp_1"],
  user: "usr_1",
  key: "key_1",
  model: "m1",
  address: "192.0.2.1",
};

/** Counts calls to the store. */
class CountedKv extends WrappedKv {
  calls = 0;

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    this.calls += 1;
    return super.get<T>(key, options);
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    this.calls += 1;
    return super.getMany<T>(keys, options);
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    this.calls += 1;
    return super.list<T>(selector, options);
  }

  override atomic(): Deno.AtomicOperation {
    this.calls += 1;
    return super.atomic();
  }
}

/** What was measured of one kind of check. */
export interface CheckCosts {
  /** Checks that were made and let in. */
  admitted: number;
  /** Checks that had to wait for the store. */
  waited: number;
  /** Calls to the store, for all checks together. */
  calls: number;
  seconds: number;
  /** Milliseconds of a check, sorted. */
  times: number[];
}

/** What two processes gave to more callers than the limit has room for. */
export interface HotKey {
  checks: number;
  admitted: number;
  limit: number;
  seconds: number;
}

export interface LimitCosts {
  limits: CheckCosts;
  budgets: CheckCosts;
  hotKey: HotKey;
}

/** One process on a store, whose own rows and beats are not counted. */
async function openProcess(location: string) {
  const plain = await openStore({ location });
  const owner = await Owner.start(plain);
  const counted = new CountedKv(plain.kv);
  const store: Store = { ...plain, kv: counted };
  return {
    store,
    owner,
    counted,
    async [Symbol.asyncDispose]() {
      await owner.release(MS_PER_SECOND);
      plain.close();
    },
  };
}

type Process = Awaited<ReturnType<typeof openProcess>>;

/** One key that many callers use. */
export async function limitCosts(
  checksPerSecond = CHECKS_PER_SECOND,
): Promise<LimitCosts> {
  const folder = await Deno.makeTempDir();
  const file = (name: string) => `${folder}/${name}.db`;
  try {
    return {
      limits: await checkLimits(file("limits"), checksPerSecond),
      budgets: await checkBudgets(file("budgets"), checksPerSecond),
      hotKey: await hotKey(file("hot"), checksPerSecond),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Limits of all kinds on each request. */
async function checkLimits(
  location: string,
  checksPerSecond: number,
): Promise<CheckCosts> {
  await using process = await openProcess(location);
  const perMinute = checksPerSecond * 90;
  const limits = new Limits({
    ...process,
    settings: new LimitSettings(process.store, [
      { subject: "key:*", requestsPerMinute: perMinute, concurrentRuns: 500 },
      { subject: "user:*", tokensPerMinute: perMinute * 100 },
      { subject: "workspace:*", requestsPerDay: perMinute * 1_440 },
    ]),
  });
  limits.start();
  const costs = await measure(process, checksPerSecond, {
    take: () => limits.reserve(HOT, { requests: 1, tokens: 100, runs: 1 }),
    end: (reservation) => {
      reservation.settle({ tokens: 80 });
      reservation.release();
    },
  });
  await limits.close();
  return costs;
}

/** An answer that costs what it reserved, or a little less. */
const ASK: BudgetAsk = {
  inputTokens: 100,
  outputTokens: 1_024,
  stepTokens: 1_024,
  cost: (input, output) => input + output,
};

/** Budgets of three subjects on each request, which all spend of them. */
async function checkBudgets(
  location: string,
  checksPerSecond: number,
): Promise<CheckCosts> {
  await using process = await openProcess(location);
  const { store, owner } = process;
  const budgets = new Budgets({
    store,
    owner,
    settings: new BudgetSettings(store, [
      { subject: "key:*", period: "day", usd: "1000000", softRatio: 0.8 },
      { subject: "user:*", period: "day", usd: "1000000", softRatio: 0.8 },
      {
        subject: "workspace:*",
        period: "month",
        usd: "10000000",
        tokens: 1_000_000_000_000,
        softRatio: 0.8,
      },
    ]),
    keyBudgets: { peek: () => null, load: () => Promise.resolve(null) },
  });
  budgets.start();
  const { id, lane } = owner.incarnation;
  const costs = await measure(process, checksPerSecond, {
    take: () => budgets.reserve(HOT, ASK),
    end: (reservation) => {
      const counters = reservation.settle({ microUsd: 900, tokens: 900 }, id);
      // Travels with the rows of the answer's end; nobody waits for it here.
      lane.write({ counters, urgency: "soon" }).catch(() => {});
    },
  });
  await budgets.close();
  return costs;
}

/** More callers, in two processes, than a limit has room for. */
async function hotKey(
  location: string,
  checksPerSecond: number,
): Promise<HotKey> {
  await using one = await openProcess(location);
  await using other = await openProcess(location);
  const limit = checksPerSecond * SECONDS / 2;
  const open = ({ store, owner }: Process) => {
    const settings = new LimitSettings(store, [
      { subject: "key:*", requestsPerMinute: limit },
    ]);
    const limits = new Limits({ store, owner, settings });
    limits.start();
    return limits;
  };
  const both = [open(one), open(other)];
  let checks = 0;
  let admitted = 0;
  const check = async (caller: number) => {
    checks += 1;
    try {
      await both[caller % 2].reserve(HOT, { requests: 1, tokens: 0, runs: 0 });
      admitted += 1;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  };
  const startMs = performance.now();
  await drive(check, SECONDS, checksPerSecond);
  const seconds = (performance.now() - startMs) / MS_PER_SECOND;
  for (const limits of both) await limits.close();
  return { checks, admitted, limit, seconds };
}

/** A check, and what is done when its answer has ended. */
interface Checked<T> {
  take: () => T | Promise<T>;
  end: (reservation: T) => void;
}

async function measure<T>(
  { counted }: Process,
  checksPerSecond: number,
  { take, end }: Checked<T>,
): Promise<CheckCosts> {
  const times: number[] = [];
  let waited = 0;
  const check = async () => {
    const startMs = performance.now();
    const later = take();
    if (later instanceof Promise) waited += 1;
    const reservation = later instanceof Promise ? await later : later;
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
    end(reservation);
  };
  // The first second finds its pace.
  await drive(check, 1, checksPerSecond);
  times.length = 0;
  waited = 0;
  counted.calls = 0;
  const startMs = performance.now();
  await drive(check, SECONDS, checksPerSecond);
  const seconds = (performance.now() - startMs) / MS_PER_SECOND;
  times.sort((left, right) => left - right);
  return {
    admitted: times.length,
    waited,
    calls: counted.calls,
    seconds,
    times,
  };
}

async function drive(
  check: (caller: number) => Promise<void>,
  seconds: number,
  checksPerSecond: number,
): Promise<void> {
  const endMs = performance.now() + seconds * MS_PER_SECOND;
  const paceMs = CALLERS * MS_PER_SECOND / checksPerSecond;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      let nextMs = performance.now() + caller * paceMs / CALLERS;
      while (performance.now() < endMs) {
        const waitMs = nextMs - performance.now();
        if (waitMs > 0) {
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        }
        nextMs += paceMs;
        await check(caller);
      }
    }),
  );
}

function checkLines(
  what: string,
  { admitted, waited, calls, seconds, times }: CheckCosts,
): string[] {
  const micro = (share: number) =>
    `${(quantile(times, share) * MS_PER_SECOND).toFixed(0)} µs`;
  return [
    `${what}: ${
      (admitted / seconds).toFixed(0)
    } checks/s by ${CALLERS} callers of one key`,
    `a check: p50 ${micro(0.5)}, p99 ${micro(0.99)}`,
    `checks that waited for the store: ${
      (100 * waited / Math.max(admitted, 1)).toFixed(2)
    } %`,
    `calls to the store: ${(calls / seconds).toFixed(1)}/s`,
  ];
}

/** Lines for docs/performance.md. */
export function limitLines(
  { limits, budgets, hotKey }: LimitCosts,
): string[] {
  const { checks, admitted, limit, seconds } = hotKey;
  return [
    ...checkLines("4 limits each", limits),
    ...checkLines("3 budgets each", budgets),
    `a limit that is too small: ${
      (checks / seconds).toFixed(0)
    } checks/s by ${CALLERS} callers of one key in two processes, ${admitted} of ${limit} let in`,
  ];
}
