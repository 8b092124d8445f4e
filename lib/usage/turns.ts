/** Gives the event loop its turn while a lot is gone through. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** So long others wait, in milliseconds. */
const SLICE_MS = 8;

export class Turns {
  #endMs = performance.now() + SLICE_MS;

  /** Whether it is time for `others`. */
  get isOver(): boolean {
    return performance.now() > this.#endMs;
  }

  async others(): Promise<void> {
    await nextTurn();
    this.#endMs = performance.now() + SLICE_MS;
  }
}
