/** What the cache has done since the process began, for metrics and for the page that shows it. */
import type { CacheOutcome } from "./answer.ts";

/** Counts that only grow. */
export interface CacheCounts {
  /** Requests by what the cache had to do with them. */
  outcomes: Record<CacheOutcome, number>;
  /** Requests that would take only a kept answer, and there was none. */
  refused: number;
  /** Answers put into memory; most go into the store as well. */
  kept: number;
  /** Answers that went into memory only: too many were to be written, or the store refused. */
  notStored: number;
  /** Answers removed by a purge. */
  purged: number;
  savedInputTokens: number;
  savedOutputTokens: number;
  /** What the saved tokens would have cost, in micro-dollars; those of unpriced models count as 0. */
  savedMicroUsd: number;
}

/** What an answer would have cost, had the provider been asked for it. */
export interface Saved {
  inputTokens: number;
  outputTokens: number;
  microUsd: number;
}

export class CacheCounters {
  readonly #counts: CacheCounts = {
    outcomes: { "hit-l1": 0, "hit-l2": 0, joined: 0, miss: 0, bypass: 0 },
    refused: 0,
    kept: 0,
    notStored: 0,
    purged: 0,
    savedInputTokens: 0,
    savedOutputTokens: 0,
    savedMicroUsd: 0,
  };

  /** A copy. */
  read(): CacheCounts {
    return structuredClone(this.#counts);
  }

  count(outcome: CacheOutcome): void {
    this.#counts.outcomes[outcome] += 1;
  }

  add(
    name: "refused" | "kept" | "notStored" | "purged",
    count = 1,
  ): void {
    this.#counts[name] += count;
  }

  save({ inputTokens, outputTokens, microUsd }: Saved): void {
    this.#counts.savedInputTokens += inputTokens;
    this.#counts.savedOutputTokens += outputTokens;
    this.#counts.savedMicroUsd += microUsd;
  }
}
