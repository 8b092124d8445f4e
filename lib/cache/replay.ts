/** A kept answer as a stream. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Delta } from "@/lib/llm/types.ts";

/** Deltas given in one turn of the event loop. */
const SLICE = 64;

/**
 * The deltas of an answer, as fast as they are read. After each slice the event loop gets its turn, so
 * that a huge answer holds nobody up. Ends with the signal's reason when it aborts.
 */
export async function* replay(
  deltas: readonly Delta[],
  signal: AbortSignal,
): AsyncGenerator<Delta, undefined, void> {
  for (let at = 0; at < deltas.length; at += 1) {
    if (at % SLICE === 0 && at > 0) await nextTurn();
    signal.throwIfAborted();
    yield deltas[at];
  }
}
