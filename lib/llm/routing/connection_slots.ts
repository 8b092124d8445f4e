/**
 * Leave to use a connection of a provider: so many at once, and who waits gets one in the order in which
 * they came.
 */
import type { Clock } from "@/lib/clock.ts";
import { ProviderError } from "@/lib/errors.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";

/** Requests that may wait, for each connection: more would wait for longer than anybody likes. */
const WAITING_PER_CONNECTION = 10;
const LEAST_WAITING = 100;

/** Gives the slot back; only the first call counts. */
export type ReleaseSlot = () => void;

interface Waiter {
  grant(): void;
}

export class ConnectionSlots {
  readonly #provider: string;
  readonly #clock: Pick<Clock, "after">;
  /** Connections at most. */
  readonly max: number;
  /** Requests that may wait at most. */
  readonly maxWaiting: number;
  #inUse = 0;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();

  /** @param provider its id, for messages */
  constructor(
    provider: string,
    max: number,
    clock: Pick<Clock, "after">,
    maxWaiting = Math.max(LEAST_WAITING, max * WAITING_PER_CONNECTION),
  ) {
    this.#provider = provider;
    this.#clock = clock;
    this.max = max;
    this.maxWaiting = maxWaiting;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** A slot if one is free and nobody waits, else null. */
  tryTake(): ReleaseSlot | null {
    return this.#inUse < this.max ? this.#grant() : null;
  }

  /**
   * Waits for a slot.
   * @param deadlineMs milliseconds to wait at most
   * @throws {ProviderError} 503 `overloaded` when too many wait already, 504 `provider_timeout` when none
   *   came free in time
   * @throws the signal's reason when it aborts first
   */
  take(signal: AbortSignal, deadlineMs: number): Promise<ReleaseSlot> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const free = this.tryTake();
    if (free !== null) return Promise.resolve(free);
    if (this.#waiting.size >= this.maxWaiting) {
      return Promise.reject(this.#overloaded());
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter);
        cancelLate();
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        leave();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve(this.#grant());
        },
      };
      const cancelLate = this.#clock.after(deadlineMs, () => {
        leave();
        const failures = new ProviderFailures(this.#provider, null);
        reject(failures.busy(this.max, deadlineMs));
      });
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #grant(): ReleaseSlot {
    this.#inUse += 1;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#inUse -= 1;
      const [next] = this.#waiting;
      next?.grant();
    };
  }

  #overloaded(): ProviderError {
    return new ProviderError({
      status: 503,
      code: "overloaded",
      message:
        `All ${this.max} connections to the provider "${this.#provider}" are in use, and ${this.maxWaiting} requests wait for one already. Try again in a moment.`,
      retryable: true,
      headers: { "Retry-After": "1" },
    });
  }
}
