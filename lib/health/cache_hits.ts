/** How often an answer was there already, of late. */
import type { CacheCounts } from "@/lib/cache/counters.ts";
import { Recent } from "./recent.ts";

const MINUTE_MS = 60_000;
const MINUTES = 60;

interface Asked {
  hits: number;
  asked: number;
}

/** Made of counts that only grow, by what they have grown between looks. */
export class CacheHits {
  readonly #counts: () => Pick<CacheCounts, "outcomes">;
  readonly #recent: Recent<Asked>;
  #seen: Asked;

  /** @param now milliseconds that only grow */
  constructor(counts: () => Pick<CacheCounts, "outcomes">, now: () => number) {
    this.#counts = counts;
    this.#seen = askedOf(counts());
    this.#recent = new Recent({
      slots: MINUTES,
      slotMs: MINUTE_MS,
      make: () => ({ hits: 0, asked: 0 }),
      now,
    });
  }

  /**
   * Share of the questions of the last hour that the cache was asked for, and that it answered or that
   * shared the call of another one; null: it was not asked.
   */
  get ratio(): number | null {
    const seen = askedOf(this.#counts());
    const { current } = this.#recent;
    current.hits += seen.hits - this.#seen.hits;
    current.asked += seen.asked - this.#seen.asked;
    this.#seen = seen;
    let hits = 0;
    let asked = 0;
    for (const slot of this.#recent.all) {
      hits += slot.hits;
      asked += slot.asked;
    }
    return asked === 0 ? null : hits / asked;
  }
}

function askedOf({ outcomes }: Pick<CacheCounts, "outcomes">): Asked {
  const hits = outcomes["hit-l1"] + outcomes["hit-l2"] + outcomes.joined;
  return { hits, asked: hits + outcomes.miss };
}
