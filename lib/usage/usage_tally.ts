/** What a report adds up, and how it is told. */
import { BUCKET_ENDS, middleOf } from "./histogram.ts";
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
    subtract(this.#counters, other.#counters);
    if (this.#times !== null && other.#times !== null) {
      subtract(this.#times, other.#times);
    }
  }

  get requests(): number {
    return this.#counters[0];
  }

  counter(name: Counter): number {
    return this.#counters[COUNTERS.indexOf(name)];
  }

  get summary(): UsageSummary {
    const summary: Partial<Record<Counter, number>> = {};
    for (let place = 0; place < COUNTERS.length; place += 1) {
      summary[COUNTERS[place]] = this.#counters[place];
    }
    const [ttftMs, tokensPerSecond, totalMs, overheadMs] = MEASURES.map(
      (_, measure) => this.#percentiles(measure),
    );
    return {
      ...summary as Record<Counter, number>,
      ttftMs,
      tokensPerSecond,
      totalMs,
      overheadMs,
    };
  }

  #percentiles(measure: number): Percentiles {
    const told: Percentiles = { n: 0, p50: null, p95: null, p99: null };
    const times = this.#times;
    if (times === null) return told;
    const from = measure * BUCKETS;
    for (let at = from; at < from + BUCKETS; at += 1) told.n += times[at];
    if (told.n === 0) return told;
    let seen = 0;
    let at = from - 1;
    for (const [name, ratio] of RATIOS) {
      const rank = Math.max(1, Math.ceil(ratio * told.n));
      while (seen < rank) seen += times[++at];
      told[name] = middleOf(at - from);
    }
    return told;
  }
}

/** Ascending, since they are found in one go. */
const RATIOS = [["p50", 0.5], ["p95", 0.95], ["p99", 0.99]] as const;

function subtract(from: Float64Array, what: Float64Array): void {
  for (let at = 0; at < from.length; at += 1) from[at] -= what[at];
}
