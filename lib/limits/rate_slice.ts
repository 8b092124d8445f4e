/** Part of a limit that this process has taken out of the store and gives away from memory. */
import type { Clock } from "@/lib/clock.ts";
import { newToken } from "@/lib/kv/token.ts";

/** Longest life of a slice, in milliseconds; in windows shorter than ten of them a tenth of the window. */
const LONGEST_LIFE_MS = 1_000;

/** How much longer than its life the wall clock may say a slice is out before it is not trusted. */
const WALL_TOLERANCE_MS = 1_000;

/** Milliseconds that a slice may be used. */
export function sliceLifeMs(windowMs: number): number {
  return Math.min(LONGEST_LIFE_MS, windowMs / 10);
}

export class RateSlice {
  readonly id = newToken().slice(0, 8);
  readonly takenMs: number;
  readonly untilMs: number;
  readonly amount: number;
  /** What may still be given away. */
  left: number;
  /** What was given away. */
  spent = 0;
  /** When something was given away last, by the monotonic clock. */
  lastUseMs: number;
  /** What is left is being given back, so nothing more may be given away. */
  isClosed = false;
  readonly #clock: Clock;
  readonly #wallMs: number;

  /** @param takenMs monotonic time at which the store was asked, which is before it was taken */
  constructor(clock: Clock, amount: number, takenMs: number, lifeMs: number) {
    this.#clock = clock;
    this.#wallMs = clock.now();
    this.amount = amount;
    this.left = amount;
    this.takenMs = takenMs;
    this.lastUseMs = takenMs;
    this.untilMs = takenMs + lifeMs;
  }

  /** A process that stood still with its monotonic clock is told by the wall clock. */
  isValid(nowMs: number): boolean {
    if (this.isClosed || nowMs >= this.untilMs) return false;
    const outMs = Math.abs(this.#clock.now() - this.#wallMs);
    return outMs <= this.untilMs - this.takenMs + WALL_TOLERANCE_MS;
  }

  /** Gives an amount away. False: there is not so much. */
  spend(amount: number, nowMs: number): boolean {
    if (this.left < amount || !this.isValid(nowMs)) return false;
    this.left -= amount;
    this.spent += amount;
    this.lastUseMs = nowMs;
    return true;
  }

  /** Takes an amount back that was given away from this slice. */
  unspend(amount: number): void {
    this.left += amount;
    this.spent -= amount;
  }
}
