/** How much time has passed since something was written, without trusting anybody's wall clock. */
import type { Clock } from "@/lib/clock.ts";

/** Samples are kept so long and so far apart, in milliseconds. */
const KEEP_MS = 64_000;
const SPACING_MS = 1_000;

interface Sample {
  versionstamp: string;
  monotonicMs: number;
}

/**
 * The store numbers its commits. So what has a lower versionstamp than a commit that this process made
 * at a known time of its own monotonic clock is at least as old as that. Wall clocks may jump and differ
 * between machines; this order does not.
 */
export class StoreTime {
  readonly #clock: Clock;
  readonly #newest: () => string;
  /** Oldest first; what came later is higher. */
  readonly #samples: Sample[] = [];
  readonly #wallStartMs: number;
  readonly #monotonicStartMs: number;
  #cancelTimer: (() => void) | null = null;

  /** @param newest versionstamp of the newest commit that this process knows it made */
  constructor(clock: Clock, newest: () => string) {
    this.#clock = clock;
    this.#newest = newest;
    this.#wallStartMs = clock.now();
    this.#monotonicStartMs = clock.monotonic();
    this.#sample();
  }

  /** Samples by itself from now on. */
  start(): void {
    this.#cancelTimer = this.#clock.after(SPACING_MS, () => {
      this.#sample();
      this.start();
    });
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  /**
   * The wall clock as it was when this process began, carried on by the monotonic one: it never jumps.
   * Milliseconds since 1970 UTC.
   */
  wallMs(): number {
    return this.#wallStartMs + this.#clock.monotonic() -
      this.#monotonicStartMs;
  }

  /** Milliseconds that have passed at least since the commit with this versionstamp. */
  since(versionstamp: string): number {
    const later = this.#samples.find((sample) =>
      sample.versionstamp > versionstamp
    );
    return later === undefined
      ? 0
      : this.#clock.monotonic() - later.monotonicMs;
  }

  #sample(): void {
    const versionstamp = this.#newest();
    const last = this.#samples.at(-1);
    if (last !== undefined && versionstamp <= last.versionstamp) return;
    const monotonicMs = this.#clock.monotonic();
    this.#samples.push({ versionstamp, monotonicMs });
    // The oldest is kept beyond that: it covers all that was written before it.
    while (
      this.#samples.length > 1 &&
      this.#samples[1].monotonicMs <= monotonicMs - KEEP_MS
    ) {
      this.#samples.shift();
    }
  }
}
