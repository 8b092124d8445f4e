/**
 * How many requests one receiver gets at a time from this process. Deliveries beyond that go back to their
 * queue until a place is likely to be free, so that a slow receiver takes no places of others.
 */
import type { Clock } from "@/lib/clock.ts";

/** Requests to one receiver at a time. */
export const PLACES_PER_RECEIVER = 4;

/** A delivery that finds no place waits so long, in milliseconds. */
const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/** How much of a new duration goes into the average. */
const NEW_PART = 0.3;

/** A receiver that is as slow as this is remembered while nothing goes to it, in milliseconds. */
const SLOW_MS = 1_000;

interface Receiver {
  /** When the requests under way began, monotonic milliseconds. */
  begun: number[];
  /** How long a request takes, on average, in milliseconds. */
  averageMs: number;
  /** Monotonic time at which the deliveries that were sent away will all have had a place. */
  bookedUntilMs: number;
}

export class ReceiverPlaces {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #receivers = new Map<string, Receiver>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /**
   * Takes a place.
   * @returns what gives it back, or how long to wait, in milliseconds
   */
  take(webhook: string): (() => void) | number {
    const nowMs = this.#clock.monotonic();
    const receiver = this.#receivers.get(webhook) ??
      { begun: [], averageMs: SHORTEST_WAIT_MS, bookedUntilMs: nowMs };
    this.#receivers.set(webhook, receiver);
    if (receiver.begun.length >= PLACES_PER_RECEIVER) {
      const from = Math.max(receiver.bookedUntilMs, nowMs);
      const takesMs = Math.max(receiver.averageMs, nowMs - receiver.begun[0]);
      receiver.bookedUntilMs = from + takesMs / PLACES_PER_RECEIVER;
      const waitMs = receiver.bookedUntilMs - nowMs;
      return Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    }
    receiver.begun.push(nowMs);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      receiver.begun.splice(receiver.begun.indexOf(nowMs), 1);
      const tookMs = this.#clock.monotonic() - nowMs;
      receiver.averageMs += (tookMs - receiver.averageMs) * NEW_PART;
      if (receiver.begun.length === 0 && receiver.averageMs < SLOW_MS) {
        this.#receivers.delete(webhook);
      }
    };
  }
}
