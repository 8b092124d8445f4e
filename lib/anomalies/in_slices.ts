/** Does work that offers pauses without holding up others. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** How long others wait at most, in milliseconds, but for the length of one step. */
const SLICE_MS = 5;
/** Turns of the event loop between slices: a request takes several from its first byte to its answer. */
const TURNS_BETWEEN = 12;

/** The end of the last slice that somebody waits for: several works take turns, one slice at a time. */
let turn: Promise<void> = Promise.resolve();

/**
 * Runs a generator to its end, and lets others work in between.
 * @throws the signal's reason
 */
export async function inSlices<Result>(
  steps: Generator<void, Result>,
  signal: AbortSignal,
): Promise<Result> {
  while (true) {
    const before = turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    turn = promise;
    await before;
    try {
      signal.throwIfAborted();
      const endsAt = performance.now() + SLICE_MS;
      do {
        const step = steps.next();
        if (step.done) return step.value;
      } while (performance.now() < endsAt);
      for (let turns = 0; turns < TURNS_BETWEEN; turns += 1) await nextTurn();
    } finally {
      resolve();
    }
  }
}
