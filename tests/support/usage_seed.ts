/** A store in which answers of past days are counted, written and folded as a process would have done it. */
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { buildUsage } from "@/lib/usage/build_usage.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { ledgerEntry } from "@/lib/usage/ledger_store.ts";
import { PastClock } from "./usage_history.ts";

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** A model as people use it. */
export interface SeedModel {
  name: string;
  provider: string;
  /** How often it is asked beside the others. */
  weight: number;
  /** Micro-dollars of a token, about; null: it has no price. */
  microUsdPerToken: number | null;
  /** Milliseconds to the first token, about. */
  firstMs: number;
}

export interface SeedOptions {
  /** File of the store. */
  location: string;
  days: number;
  /** Answers of an hour at noon of a working day, about. */
  perHour: number;
  /** Only each so many hours something is asked. */
  everyHours?: number;
  models: readonly SeedModel[];
  users?: readonly string[];
  keys?: readonly (string | null)[];
  /** Days before today on which nothing was asked. */
  gaps?: readonly number[];
  seed?: number;
}

/** Writes the answers; everything that a page of usage shows is in the sums afterwards. */
export async function seedUsage(options: SeedOptions): Promise<void> {
  const { location, days, everyHours = 1, gaps = [], seed = 7 } = options;
  const clock = new PastClock();
  const random = seededRandom(seed);
  const store = await openStore({ location, clock });
  // Nothing is gathered that comes later.
  const owner = await Owner.start(store, { lane: { soonMs: 0 } });
  const usage = buildUsage({
    store,
    owner,
    log: silentLogger(),
    groupsOf: () => Promise.resolve(() => []),
  });
  usage.fold.start();
  const { signal } = new AbortController();
  for (let hour = days * DAY_HOURS; hour >= 1; hour -= everyHours) {
    clock.backMs = hour * HOUR_MS;
    if (!gaps.includes(Math.floor(hour / DAY_HOURS))) {
      const count = answersAt(options, clock.now(), random);
      const ledger = Array.from(
        { length: count },
        (_, index) =>
          ledgerEntry(
            FIRST_WORKSPACE,
            seedRow(options, `run_${hour}_${index}`, clock.now(), random),
          ),
      );
      if (count > 0) {
        await owner.incarnation.lane.write({ ledger, urgency: "now" });
      }
    }
    await usage.fold.flush();
    if (hour % DAY_HOURS < everyHours) await usage.rollup.sumUp(signal);
  }
  clock.backMs = 0;
  await usage.rollup.sumUp(signal);
  await usage.fold.close();
  await owner.release(1_000);
  store.kv.close();
}

/** More by day than by night, less at the weekend, and never quite the same. */
function answersAt(
  { perHour }: SeedOptions,
  atMs: number,
  random: () => number,
): number {
  const at = new Date(atMs);
  const byDay = Math.max(
    0,
    Math.sin((at.getUTCHours() - 6) / DAY_HOURS * 2 * Math.PI),
  );
  const isWeekend = at.getUTCDay() % 6 === 0;
  const mean = perHour * (0.1 + byDay) * (isWeekend ? 0.25 : 1);
  return Math.round(mean * (0.6 + 0.8 * random()));
}

function seedRow(
  { models, users = [FIRST_USER], keys = [null] }: SeedOptions,
  run: string,
  atMs: number,
  random: () => number,
): LedgerRow {
  const pick = <T>(list: readonly T[], skew = 1): T =>
    list[Math.floor(random() ** skew * list.length)];
  const total = models.reduce((sum, { weight }) => sum + weight, 0);
  let at = random() * total;
  const model = models.find(({ weight }) => (at -= weight) < 0) ?? models[0];
  const key = pick(keys, 1.5);
  const isHit = random() < 0.08;
  const isFailed = !isHit && random() < 0.006;
  const inputTokens = Math.round(200 + 4_000 * random() ** 3);
  const outputTokens = isFailed ? 0 : Math.round(40 + 900 * random() ** 2);
  const tokens = inputTokens + outputTokens;
  const price = model.microUsdPerToken;
  const firstTokenMs = isFailed
    ? null
    : Math.round(model.firstMs * (0.5 + random() + 4 * random() ** 12));
  return {
    run,
    epoch: 1,
    request: null,
    thread: null,
    user: pick(users, 2),
    key,
    model: model.name,
    provider: model.provider,
    source: key === null ? "chat" : "v1",
    status: isFailed ? "failed" : "completed",
    inputTokens,
    cachedInputTokens: Math.round(inputTokens * 0.6 * random()),
    outputTokens,
    estimated: false,
    costMicroUsd: price === null
      ? null
      : isHit
      ? 0
      : Math.round(tokens * price),
    error: isFailed ? "provider_unavailable" : null,
    startedAt: new Date(atMs).toISOString(),
    firstTokenMs: isHit ? null : firstTokenMs,
    totalMs: (firstTokenMs ?? 500) + outputTokens * (8 + 12 * random()),
    cache: isHit ? "hit-l1" : "miss",
    ...isHit && price !== null
      ? { savedMicroUsd: Math.round(tokens * price) }
      : {},
    overheadMs: Math.round(2 + 5 * random()),
  };
}
