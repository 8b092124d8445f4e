import type { Clock } from "@/lib/clock.ts";

interface Timer {
  at: number;
  callback: () => void;
}

const START_MS = Date.UTC(2026, 0, 1);

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;

  now(): number {
    return START_MS + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#elapsedMs + Math.max(delayMs, 0), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Goes on by `ms`; the timers due in that time fire in their order. */
  advance(ms: number): void {
    const until = this.#elapsedMs + ms;
    for (let next = this.#next(); next && next.at <= until;) {
      this.#fire(next);
      next = this.#next();
    }
    this.#elapsedMs = until;
  }

  /** Goes on to the next timer and fires it. False: there is none. */
  advanceToNext(): boolean {
    const next = this.#next();
    if (next !== null) this.#fire(next);
    return next !== null;
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (next === null || timer.at < next.at) next = timer;
    }
    return next;
  }

  #fire(timer: Timer): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.at);
    this.#timers.delete(timer);
    timer.callback();
  }
}
