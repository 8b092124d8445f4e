/** Work of which only so much is done at a time, and only so much waits. */
import { AppError } from "@/lib/errors.ts";

export interface TurnLimits {
  /** Done at the same time at most. */
  active: number;
  /** Waiting at most; whoever comes then is refused. */
  waiting: number;
}

export class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Does the work when it is its turn, first come first served.
   * @throws {AppError} 503 `overloaded` when too many wait
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#limits.active) {
      if (this.#waiting.length >= this.#limits.waiting) throw overloaded();
      // The one that ends hands its place over, so nobody can slip in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#active += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }
}

function overloaded(): AppError {
  return new AppError({
    status: 503,
    code: "overloaded",
    message: "Too many people sign in at this moment. Try again soon.",
    retryable: true,
    headers: { "retry-after": "5" },
  });
}
