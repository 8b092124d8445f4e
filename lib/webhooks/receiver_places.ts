/**
 * How many requests one receiver gets at a time from this process. Deliveries beyond that go back to their
 * queue until a place is likely to be free, so that a slow receiver takes no places of others; and so do
 * those to a receiver that asks for a pause.
 */
import type { Clock } from "@/lib/clock.ts";

/** Requests to one receiver at a time. */
export const PLACES_PER_RECEIVER = 4;

/** A delivery that finds no place waits so long, in milliseconds. */
const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** A receiver is left alone so long at most, in milliseconds, however long it asks for. */
const LONGEST_PAUSE_MS = 10 * 60_000;

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
  /** Monotonic time until which it is left alone. */
  pausedUntilMs: number;
}

export class ReceiverPlaces {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #receivers = new Map<string, Receiver>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /**
   * Takes a place.
   * @param isUrgent whether somebody waits for it, so that it does not heed a pause
   * @returns what gives it back, or how long to wait, in milliseconds
   */
  take(webhook: string, isUrgent = false): (() => void) | number {
    const nowMs = this.#clock.monotonic();
    const receiver = this.#receiver(webhook, nowMs);
    const pauseMs = isUrgent ? 0 : receiver.pausedUntilMs - nowMs;
    if (receiver.begun.length >= PLACES_PER_RECEIVER || pauseMs > 0) {
      const from = Math.max(receiver.bookedUntilMs, nowMs + pauseMs);
      const takesMs = Math.max(
        receiver.averageMs,
        nowMs - (receiver.begun[0] ?? nowMs),
      );
      receiver.bookedUntilMs = from + takesMs / PLACES_PER_RECEIVER;
      const waitMs = receiver.bookedUntilMs - nowMs;
      const most = Math.max(pauseMs, 0) + LONGEST_WAIT_MS;
      return Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), most);
    }
    receiver.begun.push(nowMs);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      receiver.begun.splice(receiver.begun.indexOf(nowMs), 1);
      const endMs = this.#clock.monotonic();
      receiver.averageMs += (endMs - nowMs - receiver.averageMs) * NEW_PART;
      const isNothingSpecial = receiver.averageMs < SLOW_MS &&
        receiver.pausedUntilMs <= endMs;
      if (receiver.begun.length === 0 && isNothingSpecial) {
        this.#receivers.delete(webhook);
      }
    };
  }

  /** A receiver asks to be left alone for a while, in milliseconds. */
  pause(webhook: string, forMs: number): void {
    const nowMs = this.#clock.monotonic();
    const receiver = this.#receiver(webhook, nowMs);
    const untilMs = nowMs + Math.min(forMs, LONGEST_PAUSE_MS);
    receiver.pausedUntilMs = Math.max(receiver.pausedUntilMs, untilMs);
  }

  /** A receiver accepts again. */
  resume(webhook: string): void {
    const receiver = this.#receivers.get(webhook);
    if (receiver !== undefined) {
      receiver.pausedUntilMs = this.#clock.monotonic();
    }
  }

  #receiver(webhook: string, nowMs: number): Receiver {
    const known = this.#receivers.get(webhook);
    if (known !== undefined) return known;
    const receiver = {
      begun: [],
      averageMs: SHORTEST_WAIT_MS,
      bookedUntilMs: nowMs,
      pausedUntilMs: nowMs,
    };
    this.#receivers.set(webhook, receiver);
    return receiver;
  }
}
