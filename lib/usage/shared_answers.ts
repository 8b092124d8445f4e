/** One answer for all who ask the same at the same time, and for a moment after. */
import type { Clock } from "@/lib/clock.ts";

/** No answer takes longer than that, in milliseconds; who asked may leave earlier. */
const DEADLINE_MS = 30_000;
/** Answers that are kept; the oldest goes first. */
const MOST = 64;

interface Shared<T> {
  answer: Promise<T>;
  /** By the monotonic clock; null: it is not there yet. */
  untilMs: number | null;
}

export class SharedAnswers<T> {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #shared = new Map<string, Shared<T>>();

  /** @param keptMs how long an answer serves others after it was made */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /**
   * The answer of somebody who asks the same, or one's own.
   * @throws what `make` does, which is not kept
   * @throws the signal's reason when it aborts; the answer is made all the same
   */
  async get(
    key: string,
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const { promise: gone, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave);
    try {
      return await Promise.race([this.#answer(key, make), gone]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  async #answer(
    key: string,
    make: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const nowMs = this.#clock.monotonic();
    for (const [other, { untilMs }] of this.#shared) {
      const isOver = untilMs !== null && untilMs <= nowMs;
      if (isOver || this.#shared.size > MOST) this.#shared.delete(other);
    }
    const there = this.#shared.get(key);
    if (there !== undefined) return await there.answer;
    const answer = make(AbortSignal.timeout(DEADLINE_MS));
    const own: Shared<T> = { answer, untilMs: null };
    this.#shared.set(key, own);
    try {
      return await answer;
    } catch (error) {
      if (this.#shared.get(key) === own) this.#shared.delete(key);
      throw error;
    } finally {
      own.untilMs = this.#clock.monotonic() + this.#keptMs;
    }
  }
}
