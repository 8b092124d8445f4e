import { setImmediate as nextTurn } from "node:timers/promises";

/** How long a calculation may hold the event loop, in milliseconds; half of the bound of the program. */
const SLICE_MS = 5;

/** Cuts a long calculation, so that the event loop gets its turn in between. */
export class Slices {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether it is time to `pause`. */
  get isDue(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  /** Lets others have their turn. @throws the signal's reason when it has aborted */
  async pause(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
