/** Following a run: replay from a place, then live, in batches of whatever has come since. */
import { Batches, type BatchResult, NO_MORE_BATCHES } from "./batches.ts";
import type { LiveRun, PlacedEvent, RunWaiter } from "./live_run.ts";
import type { Position } from "./position.ts";

/** Where a follower says it stands: nowhere yet, at a place, or somewhere that cannot be read. */
export type After = Position | null | "unknown";

/**
 * Decides where a follower goes on. A place that the run never had (forged, beyond its end, or of
 * another epoch) is told by `reset`, and the epoch is replayed from its beginning.
 */
function resumeFrom(
  run: { epoch: number; lastSeq: number },
  after: After,
): { next: number; reset: boolean } {
  if (after === null) return { next: 0, reset: false };
  const known = after !== "unknown" && after.epoch === run.epoch &&
    after.seq <= run.lastSeq;
  return known
    ? { next: after.seq + 1, reset: false }
    : { next: 1, reset: true };
}

/**
 * The `reset` that opens the replay of an epoch: to whoever comes from an earlier one the epoch's own,
 * which says why the answer began again.
 */
function resetEvent(
  epoch: number,
  after: After,
  opening: PlacedEvent | undefined,
): PlacedEvent {
  const comesFromEarlier = after !== null && after !== "unknown" &&
    after.epoch < epoch;
  if (comesFromEarlier && opening?.event.event === "reset") return opening;
  return {
    position: { epoch, seq: 0 },
    event: {
      event: "reset",
      data: { epoch, reason: "The place to go on from is not known" },
    },
  };
}

/** Events in one batch at most: what a slow reader has not taken stays where it is, in one place for all. */
const MAX_BATCH_EVENTS = 1_000;

/** Follows a run in memory until it ends or the signal aborts. */
export function followLive(
  run: LiveRun,
  after: After,
  signal: AbortSignal,
): Batches {
  return new LiveFollower(run, after, signal);
}

class LiveFollower extends Batches {
  readonly #run: LiveRun;
  readonly #after: After;
  readonly #signal: AbortSignal;
  /** Of the newest event taken; null before the first. */
  #epoch: number | null = null;
  #from = 0;
  #pending: PromiseWithResolvers<BatchResult> | null = null;
  #waiter: RunWaiter | null = null;
  #isOver = false;
  readonly #wake = () => {
    const pending = this.#pending;
    if (pending === null) return;
    const result = this.#take();
    if (result === null) return this.#waiter!.wait();
    this.#pending = null;
    pending.resolve(result);
  };

  constructor(run: LiveRun, after: After, signal: AbortSignal) {
    super();
    this.#run = run;
    this.#after = after;
    this.#signal = signal;
  }

  next(): Promise<BatchResult> {
    const result = this.#take();
    if (result !== null) return Promise.resolve(result);
    this.#waiter ??= this.#run.waiter(this.#signal, this.#wake);
    this.#waiter.wait();
    this.#pending ??= Promise.withResolvers();
    return this.#pending.promise;
  }

  return(): Promise<BatchResult> {
    this.#end();
    this.#wake();
    return Promise.resolve(NO_MORE_BATCHES);
  }

  /** What there is for the follower; null when it has to wait. */
  #take(): BatchResult | null {
    const run = this.#run;
    if (this.#isOver) return NO_MORE_BATCHES;
    if (this.#epoch === null) {
      const { next, reset } = resumeFrom(run, this.#after);
      this.#epoch = run.epoch;
      this.#from = next;
      if (reset) {
        const opening = run.slice(0, 1)[0];
        return batch(resetEvent(run.epoch, this.#after, opening));
      }
    }
    if (this.#signal.aborted) return this.#end();
    if (run.epoch !== this.#epoch) {
      this.#epoch = run.epoch;
      this.#from = 0;
    }
    const value = run.slice(this.#from, this.#from + MAX_BATCH_EVENTS);
    this.#from += value.length;
    if (value.length > 0) return { done: false, value };
    if (!run.closed) return null;
    this.#end();
    return run.farewell === null ? NO_MORE_BATCHES : batch(run.farewell);
  }

  #end(): BatchResult {
    this.#isOver = true;
    this.#waiter?.close();
    return NO_MORE_BATCHES;
  }
}

function batch(...value: PlacedEvent[]): BatchResult {
  return { done: false, value };
}

/**
 * Replays a run that has ended, from its stored events, in order, the opening one first.
 * @param isComplete false when only some places are among them: then nobody can go on from a place
 */
export async function* replayEnded(
  epoch: number,
  events: PlacedEvent[],
  after: After,
  isComplete = true,
): AsyncGenerator<PlacedEvent[], void, void> {
  const lastSeq = events.at(-1)?.position.seq ?? -1;
  const isLost = !isComplete && after !== null && after !== "unknown" &&
    after.seq < lastSeq;
  const { next, reset } = resumeFrom(
    { epoch, lastSeq },
    isLost ? "unknown" : after,
  );
  if (reset) yield [resetEvent(epoch, after, events[0])];
  const rest = events.filter((each) => each.position.seq >= next);
  if (rest.length > 0) yield rest;
}
