import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import type { ServedBy } from "./answer.ts";
import type { Flight } from "./flight.ts";

type Result = IteratorResult<Delta, undefined>;

const END: Result = { done: true, value: undefined };

/**
 * A run's place in a flight: all of its deltas, from the first on. The run gives it up by `return`, by
 * its signal, or by reading to the end; the call goes on for the others.
 */
export class FlightSeat implements AsyncIterableIterator<Delta, undefined> {
  /** Whether the run began the call itself, or came to one that was up. */
  readonly outcome: "miss" | "joined";
  readonly #flight: Flight;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.fail(this.#signal.reason);
  readonly #wake = () => this.#deliver();
  #read = 0;
  #pending: PromiseWithResolvers<Result> | null = null;
  #failure: { error: unknown } | null = null;
  #hasLeft = false;
  /** What it has paid when it left before the end. */
  #paid: TokenUsage | null = null;

  constructor(flight: Flight, outcome: "miss" | "joined", signal: AbortSignal) {
    this.#flight = flight;
    this.outcome = outcome;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Who answers; null until that is known. */
  get served(): ServedBy | null {
    return this.#flight.served;
  }

  /** Whether the run pays for the call as things are. */
  get pays(): boolean {
    return this.#flight.isPaidBy(this);
  }

  /** How many deltas the run has read. */
  get read(): number {
    return this.#read;
  }

  /** Rejects with what broke the call, or with the signal's reason. One call at a time. */
  next(): Promise<Result> {
    if (this.#signal.aborted && !this.#hasLeft) this.#onAbort();
    const { promise } = this.#pending = Promise.withResolvers<Result>();
    this.#deliver();
    return promise;
  }

  return(): Promise<Result> {
    this.#leave();
    this.#deliver();
    return Promise.resolve(END);
  }

  /** Takes the run off the flight, with an error for whoever reads. */
  fail(error: unknown): void {
    if (this.#hasLeft) return;
    this.#failure = { error };
    this.#leave();
    this.#deliver();
  }

  /**
   * What the run pays of the tokens it used by its own account. To be asked once it has left, or has read
   * to the end. All runs of a flight together pay what the provider reported.
   */
  settle(usage: TokenUsage): TokenUsage {
    return this.#paid ?? this.#flight.shareOf(this, usage);
  }

  /** Gives the waiting reader what there is, else waits for more. */
  #deliver(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const result = this.#take();
    if (result === null) {
      this.#flight.wait(this.#wake);
      return;
    }
    this.#pending = null;
    if ("error" in result) pending.reject(result.error);
    else pending.resolve(result);
  }

  #take(): Result | { error: unknown } | null {
    if (!this.#hasLeft) {
      const value = this.#flight.at(this.#read);
      if (value !== undefined) {
        this.#read += 1;
        return { done: false, value };
      }
      if (!this.#flight.isOver) return null;
      this.#failure = this.#flight.failure;
      this.#leave();
    }
    const failure = this.#failure;
    this.#failure = null;
    return failure ?? END;
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#paid = this.#flight.leave(this);
  }
}
