import type { PlacedEvent } from "./live_run.ts";

export type BatchResult = IteratorResult<PlacedEvent[], void>;

export const NO_MORE_BATCHES: BatchResult = { done: true, value: undefined };

/**
 * Events in batches, as an async generator gives them, without what a generator costs for each: every
 * token of every stream comes through here.
 */
export abstract class Batches
  implements AsyncGenerator<PlacedEvent[], void, void> {
  /** One call at a time. */
  abstract next(): Promise<BatchResult>;

  /** Nobody wants the rest: whoever waits is told the end. */
  abstract return(): Promise<BatchResult>;

  async throw(error: unknown): Promise<BatchResult> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
