/** What the check of limits costs: how long it takes, and how often it asks the store. */
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
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

  override atomic(): Deno.AtomicOperation {
    this.calls += 1;
    return super.atomic();
  }
}

/** What was measured. */
export interface LimitCosts {
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

/** One key that many callers use, with limits of five kinds on each request. */
export async function limitCosts(
  checksPerSecond = CHECKS_PER_SECOND,
): Promise<LimitCosts> {
  const folder = await Deno.makeTempDir();
  let counted!: CountedKv;
  const store = await openStore({
    location: `${folder}/bench.db`,
    wrap: (kv) => counted = new CountedKv(kv),
  });
  const owner = await Owner.start(store);
  const perMinute = checksPerSecond * 90;
  const limits = new Limits({
    store,
    owner,
    settings: new LimitSettings(store, [
      { subject: "key:*", requestsPerMinute: perMinute, concurrentRuns: 500 },
      { subject: "user:*", tokensPerMinute: perMinute * 100 },
      { subject: "workspace:*", requestsPerDay: perMinute * 1_440 },
    ]),
  });
  limits.start();
  const times: number[] = [];
  let waited = 0;
  const check = async () => {
    const startMs = performance.now();
    try {
      const later = limits.reserve(HOT, { requests: 1, tokens: 100, runs: 1 });
      if (later instanceof Promise) waited += 1;
      const reservation = later instanceof Promise ? await later : later;
      times.push(performance.now() - startMs);
      reservation.headers();
      await new Promise((resolve) => setTimeout(resolve, 1));
      reservation.settle({ tokens: 80 });
      reservation.release();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  };
  // The first second finds its pace.
  await drive(check, 1, checksPerSecond);
  times.length = 0;
  waited = 0;
  counted.calls = 0;
  const startMs = performance.now();
  await drive(check, SECONDS, checksPerSecond);
  const seconds = (performance.now() - startMs) / MS_PER_SECOND;
  const { calls } = counted;
  await limits.close();
  await owner.release(MS_PER_SECOND);
  store.close();
  await Deno.remove(folder, { recursive: true });
  times.sort((left, right) => left - right);
  return { admitted: times.length, waited, calls, seconds, times };
}

async function drive(
  check: () => Promise<void>,
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
        await check();
      }
    }),
  );
}

/** Lines for docs/performance.md. */
export function limitLines(
  { admitted, waited, calls, seconds, times }: LimitCosts,
): string[] {
  const micro = (share: number) =>
    `${(quantile(times, share) * MS_PER_SECOND).toFixed(0)} µs`;
  return [
    `checks: ${
      (admitted / seconds).toFixed(0)
    }/s by ${CALLERS} callers of one key, 4 limits each`,
    `a check: p50 ${micro(0.5)}, p99 ${micro(0.99)}`,
    `checks that waited for the store: ${
      (100 * waited / Math.max(admitted, 1)).toFixed(2)
    } %`,
    `calls to the store: ${(calls / seconds).toFixed(1)}/s`,
  ];
}
