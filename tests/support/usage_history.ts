/**
 * A long history of a busy workspace, written through the lane and folded and added up as a server does
 * it, only with the clock put back: what the figures of usage are measured on.
 */
import { type Clock, systemClock } from "@/lib/clock.ts";
import { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { ledgerEntry } from "@/lib/usage/ledger_store.ts";
import { UsageFold } from "@/lib/usage/usage_fold.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/usage/usage_grains.ts";
import { UsageRollup } from "@/lib/usage/usage_rollup.ts";
import { UsageStore } from "@/lib/usage/usage_store.ts";

/** The machine's clock, put back. */
export class PastClock implements Clock {
  backMs = 0;
  now = () => systemClock.now() - this.backMs;
  monotonic = () => systemClock.monotonic();
  after = (delayMs: number, callback: () => void) =>
    systemClock.after(delayMs, callback);
}

export interface HistoryOptions {
  rows: number;
  days: number;
  users: number;
  models: number;
  keys: number;
  /** All of a day comes in so many bursts of a moment. */
  burstsPerDay: number;
  /** Told now and then of how far it is, from 0 to 1. */
  progress?: (ratio: number) => void;
}

/** Rows of one entry of the lane, which takes some hundred writes. */
const ROWS_PER_ENTRY = 150;

/** Names of what a history tells apart; the first are used most. */
export const historyName = {
  user: (place: number) => `usr_${String(place).padStart(22, "0")}`,
  key: (place: number) => `key_${String(place).padStart(22, "0")}`,
  model: (place: number) => `model-${place}`,
};

/** Writes a history that ends now. @param clock the store's */
export async function writeHistory(
  store: Store,
  clock: PastClock,
  options: HistoryOptions,
): Promise<void> {
  const { rows, days, burstsPerDay, progress } = options;
  const owner = await Owner.start(store, { lane: { soonMs: 0 } });
  const fold = new UsageFold({ owner, clock, log: silentLogger() });
  const rollup = new UsageRollup({ store: new UsageStore(store), owner });
  const { signal } = new AbortController();
  const random = seededRandom(rows);
  const bursts = days * burstsPerDay;
  fold.start();
  let written = 0;
  for (let burst = 0; burst < bursts; burst += 1) {
    const ageMs = (bursts - burst) * DAY_MS / burstsPerDay;
    clock.backMs = ageMs - MINUTE_MS;
    const due = Math.round((burst + 1) * rows / bursts);
    const writes: Promise<unknown>[] = [];
    while (written < due) {
      const count = Math.min(ROWS_PER_ENTRY, due - written);
      const ledger = Array.from({ length: count }, (_, place) =>
        ledgerEntry(
          FIRST_WORKSPACE,
          historyRow(options, written + place, clock.now(), random),
        ));
      written += count;
      writes.push(owner.incarnation.lane.write({ ledger, urgency: "now" }));
    }
    await Promise.all(writes);
    await fold.flush();
    if (ageMs % HOUR_MS === 0) await rollup.sumUp(signal);
    if (ageMs % DAY_MS === 0) {
      await rollup.tidy(signal);
      progress?.(burst / bursts);
    }
  }
  clock.backMs = 0;
  await rollup.sumUp(signal);
  await fold.close();
  await owner.release(5_000);
}

/** Everybody asks about as much; some do it by keys, each of one owner. */
function historyRow(
  { users, keys, models }: HistoryOptions,
  number: number,
  atMs: number,
  random: () => number,
): LedgerRow {
  const pick = (count: number, skew = 1) =>
    Math.floor(random() ** skew * count);
  const key = random() < 0.4 ? pick(keys) : null;
  const user = key === null ? pick(users) : key % users;
  const model = pick(models, 2);
  const dice = random();
  const isHit = dice < 0.08;
  const cache = isHit ? "hit-l1" : dice < 0.1 ? "joined" : "miss";
  const isFailed = !isHit && random() < 0.01;
  const outputTokens = isFailed ? 0 : 20 + pick(900, 2);
  const inputTokens = 100 + pick(4_000, 3);
  const firstTokenMs = Math.round(150 * Math.exp(2.5 * random() ** 2));
  return {
    run: `run_${number}`,
    epoch: 1,
    request: null,
    thread: null,
    user: historyName.user(user),
    key: key === null ? null : historyName.key(key),
    model: historyName.model(model),
    provider: model % 2 === 0 ? "a" : "b",
    source: key === null ? (random() < 0.05 ? "title" : "chat") : "v1",
    status: isFailed ? "failed" : random() < 0.02 ? "cancelled" : "completed",
    inputTokens,
    cachedInputTokens: pick(inputTokens),
    outputTokens,
    estimated: false,
    costMicroUsd: model === 7 ? null : isHit ? 0 : inputTokens + outputTokens,
    error: isFailed ? "provider_unavailable" : null,
    startedAt: new Date(atMs).toISOString(),
    firstTokenMs: isHit || isFailed ? null : firstTokenMs,
    totalMs: firstTokenMs + outputTokens * (6 + 10 * random()),
    cache,
    ...(isHit ? { savedMicroUsd: inputTokens + outputTokens } : {}),
    overheadMs: 1 + 6 * random(),
  };
}
