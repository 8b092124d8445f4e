/**
 * Measures what nobody else keeps of the last moments: long turns of the event loop, how soon the store
 * answers, how requests end, how providers do. It is told of each by whoever sees it.
 */
import type { RunFacts } from "@/lib/observe/request_record.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import {
  addHistogram,
  addValue,
  type Histogram,
  percentile,
} from "@/lib/usage/histogram.ts";
import { Recent } from "./recent.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const MICROSECONDS_PER_MS = 1_000;
/** How far back each goes. */
const LAG_SECONDS = 10;
const STORE_SLOTS = 6;
const STORE_SLOT_MS = 10 * SECOND_MS;
const REQUEST_MINUTES = 5;

/** Fewer requests make no share of errors, unless so many of them failed. */
const LEAST_REQUESTS = 20;
const LEAST_FAILURES = 3;
/** Providers whose tries are counted apart. */
const MAX_PROVIDERS = 100;

/** Asked over and over by machines, or waiting for what happens: these say nothing of how requests do. */
const NOT_COUNTED =
  /^\/(healthz|readyz|metrics)$|^\/api\/live$|\/events$|^\/v1\/streams\/|^\/api\/health/;

/** Tries at a provider. */
export interface ProviderTries {
  tries: number;
  failures: number;
}

interface RequestSlot {
  count: number;
  failures: number;
  /** Of requests that asked no model, in milliseconds. */
  tookMs: Histogram;
}

export class HealthMeters {
  readonly #lag: Recent<number>;
  /** In microseconds. */
  readonly #reads: Recent<Histogram>;
  readonly #writes: Recent<Histogram>;
  readonly #requests: Recent<RequestSlot>;
  readonly #tries: Recent<Map<string, ProviderTries>>;

  /** @param now milliseconds that only grow */
  constructor(now: () => number) {
    this.#lag = new Recent({
      slots: LAG_SECONDS,
      slotMs: SECOND_MS,
      make: () => 0,
      now,
    });
    const calls = () =>
      new Recent<Histogram>({
        slots: STORE_SLOTS,
        slotMs: STORE_SLOT_MS,
        make: () => new Map(),
        now,
      });
    this.#reads = calls();
    this.#writes = calls();
    this.#requests = new Recent<RequestSlot>({
      slots: REQUEST_MINUTES,
      slotMs: MINUTE_MS,
      make: () => ({ count: 0, failures: 0, tookMs: new Map() }),
      now,
    });
    this.#tries = new Recent<Map<string, ProviderTries>>({
      slots: REQUEST_MINUTES,
      slotMs: MINUTE_MS,
      make: () => new Map(),
      now,
    });
  }

  /** A timer came so much later than due, in milliseconds. */
  looked(lagMs: number): void {
    if (lagMs > this.#lag.current) this.#lag.current = lagMs;
  }

  /** The store has answered. */
  storeCalled(operation: string, tookMs: number): void {
    const calls = operation === "commit" ? this.#writes : this.#reads;
    addValue(calls.current, tookMs * MICROSECONDS_PER_MS);
  }

  /** A request is over, its run included. */
  requestOver({ route, source, answered, ended }: RequestTrace): void {
    // Files have no route, and nothing of them can fail that would tell more than the rest.
    if (answered === null || route === "none" || NOT_COUNTED.test(route)) {
      return;
    }
    const slot = this.#requests.current;
    slot.count += 1;
    if (answered.status >= 500 || ended?.status === "failed") {
      slot.failures += 1;
    }
    if (source === null) addValue(slot.tookMs, answered.totalMs);
  }

  /** A run has ended. */
  runEnded({ attempts }: Pick<RunFacts, "attempts">): void {
    const tries = this.#tries.current;
    for (const { provider, outcome } of attempts) {
      if (!tries.has(provider) && tries.size === MAX_PROVIDERS) continue;
      const counts = tries.get(provider) ?? { tries: 0, failures: 0 };
      counts.tries += 1;
      if (outcome === "failed") counts.failures += 1;
      tries.set(provider, counts);
    }
  }

  /** The longest that the event loop has kept everyone waiting in the last 10 s, in milliseconds. */
  get loopLagMs(): number {
    return Math.max(0, ...this.#lag.all);
  }

  /** p95 of reads of the last minute, in milliseconds; null: there was none. */
  get storeReadMs(): number | null {
    return millisecondsOf(this.#reads.all);
  }

  /** p95 of commits of the last minute, in milliseconds; null: there was none. */
  get storeWriteMs(): number | null {
    return millisecondsOf(this.#writes.all);
  }

  /** Share of the requests of the last 5 minutes that failed; null: too few to tell. */
  get errorRatio(): number | null {
    let count = 0;
    let failures = 0;
    for (const slot of this.#requests.all) {
      count += slot.count;
      failures += slot.failures;
    }
    const isEnough = count >= LEAST_REQUESTS || failures >= LEAST_FAILURES;
    return isEnough ? failures / count : null;
  }

  /** p95 of requests of the last 5 minutes that asked no model, in milliseconds; null: too few to tell. */
  get requestP95Ms(): number | null {
    const all: Histogram = new Map();
    let count = 0;
    for (const { tookMs } of this.#requests.all) addHistogram(all, tookMs);
    for (const each of all.values()) count += each;
    return count < LEAST_REQUESTS ? null : percentile(all, 0.95);
  }

  /** Tries at providers within the last 5 minutes. */
  get tries(): ReadonlyMap<string, ProviderTries> {
    const all = new Map<string, ProviderTries>();
    for (const slot of this.#tries.all) {
      for (const [provider, { tries, failures }] of slot) {
        const sum = all.get(provider) ?? { tries: 0, failures: 0 };
        sum.tries += tries;
        sum.failures += failures;
        all.set(provider, sum);
      }
    }
    return all;
  }
}

function millisecondsOf(slots: readonly Histogram[]): number | null {
  const all: Histogram = new Map();
  for (const slot of slots) addHistogram(all, slot);
  const microseconds = percentile(all, 0.95);
  return microseconds === null ? null : microseconds / MICROSECONDS_PER_MS;
}
