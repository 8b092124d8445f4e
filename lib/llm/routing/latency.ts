/** How long a target takes to its first token, as it was of late. */

/** Weight of the newest measurement. */
const NEWEST_SHARE = 0.3;
/** After so long nobody knows any more, and a request finds out. */
const STALE_MS = 60_000;

/** An average in which older measurements fade (EWMA). */
export class Latency {
  #averageMs: number | null = null;
  #measuredAtMs = -Infinity;
  readonly #now: () => number;

  /** @param now milliseconds that never go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds to the first token, or null while nothing recent is known. */
  get averageMs(): number | null {
    return this.#now() - this.#measuredAtMs > STALE_MS ? null : this.#averageMs;
  }

  record(firstTokenMs: number): void {
    const before = this.averageMs;
    this.#averageMs = before === null
      ? firstTokenMs
      : before + NEWEST_SHARE * (firstTokenMs - before);
    this.#measuredAtMs = this.#now();
  }
}
