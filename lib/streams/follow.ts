/** Following a run: replay from a place, then live, in batches of whatever has come since. */
import type { LiveRun, PlacedEvent } from "./live_run.ts";
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
export async function* followLive(
  run: LiveRun,
  after: After,
  signal: AbortSignal,
): AsyncGenerator<PlacedEvent[], void, void> {
  const { next, reset } = resumeFrom(run, after);
  let { epoch } = run;
  let from = next;
  if (reset) yield [resetEvent(epoch, after, run.slice(0, 1)[0])];
  const waiter = run.waiter(signal);
  try {
    while (!signal.aborted) {
      if (run.epoch !== epoch) {
        epoch = run.epoch;
        from = 0;
      }
      const batch = run.slice(from, from + MAX_BATCH_EVENTS);
      from += batch.length;
      if (batch.length > 0) yield batch;
      else if (run.closed) {
        if (run.farewell !== null) yield [run.farewell];
        return;
      } else await waiter.beyond({ epoch, seq: from - 1 });
    }
  } finally {
    waiter.close();
  }
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
  const batch = events.filter((each) => each.position.seq >= next);
  if (batch.length > 0) yield batch;
}
