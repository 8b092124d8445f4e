/** What a report adds up, and how it is told. */
import { BUCKET_ENDS, percentileOfCounts } from "./histogram.ts";
import { type Counter, COUNTERS, MEASURES } from "./rollup_cell.ts";
import type { CellReader } from "./rollup_codec.ts";

/** Percentiles of something, and of how many. */
export interface Percentiles {
  n: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What was used, as a number each. */
export interface UsageSummary {
  requests: number;
  errors: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  unpricedRequests: number;
  estimatedRequests: number;
  cacheHits: number;
  joined: number;
  savedMicroUsd: number;
  ttftMs: Percentiles;
  tokensPerSecond: Percentiles;
  totalMs: Percentiles;
  overheadMs: Percentiles;
}

const BUCKETS = BUCKET_ENDS.length;

/** Sums that cells are added to and taken from, in the order of their bytes. */
export class Tally {
  readonly #counters = new Float64Array(COUNTERS.length);
  /** Counts by measure and bucket; null: no times were told. */
  #times: Float64Array | null = null;

  /**
   * Adds a cell, whose sums are loaded.
   * @param weight how often the cell counts; below 0 it is taken away
   */
  add(reader: CellReader, weight: number, hasTimes: boolean): void {
    const { counters } = reader;
    for (let place = 0; place < counters.length; place += 1) {
      this.#counters[place] += weight * counters[place];
    }
    if (!hasTimes) return;
    const times = this.#times ??= new Float64Array(MEASURES.length * BUCKETS);
    reader.times((measure, bucket, count) => {
      times[measure * BUCKETS + bucket] += weight * count;
    });
  }

  /** The same, with times or without. */
  copy(hasTimes: boolean): Tally {
    const copy = new Tally();
    copy.#counters.set(this.#counters);
    if (hasTimes) copy.#times = this.#times?.slice() ?? null;
    return copy;
  }

  /** Takes another one away that is a part of this one. */
  subtract(other: Tally): void {
    for (const [place, count] of other.#counters.entries()) {
      this.#counters[place] -= count;
    }
    for (const [place, count] of other.#times?.entries() ?? []) {
      this.#times![place] -= count;
    }
  }

  get requests(): number {
    return this.counter("requests");
  }

  counter(name: Counter): number {
    return this.#counters[COUNTERS.indexOf(name)];
  }

  get summary(): UsageSummary {
    const sums = Object.fromEntries(
      COUNTERS.map((name, place) => [name, this.#counters[place]]),
    ) as Record<(typeof COUNTERS)[number], number>;
    const times = Object.fromEntries(
      MEASURES.map((name, place) => [name, this.#percentiles(place)]),
    ) as Record<(typeof MEASURES)[number], Percentiles>;
    return { ...sums, ...times };
  }

  #percentiles(measure: number): Percentiles {
    if (this.#times === null) return { n: 0, p50: null, p95: null, p99: null };
    const from = measure * BUCKETS;
    const counts = this.#times.subarray(from, from + BUCKETS);
    const [p50, p95, p99] = percentileOfCounts(counts, [0.5, 0.95, 0.99]);
    return { n: counts.reduce((sum, count) => sum + count, 0), p50, p95, p99 };
  }
}
