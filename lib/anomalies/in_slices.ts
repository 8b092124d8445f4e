/** Does work that offers pauses without holding up others. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** How long others wait at most, in milliseconds, but for the length of one step. */
const SLICE_MS = 5;

/**
 * Runs a generator to its end, and lets others work in between.
 * @throws the signal's reason
 */
export async function inSlices<Result>(
  steps: Generator<void, Result>,
  signal: AbortSignal,
): Promise<Result> {
  let endsAt = performance.now() + SLICE_MS;
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < endsAt) continue;
    await nextTurn();
    signal.throwIfAborted();
    endsAt = performance.now() + SLICE_MS;
  }
}
