/** Puts the pieces of long chunks together, so that no reader stops in the middle of one. */
import type { LiveRun, PlacedEvent } from "@/lib/streams/live_run.ts";

/** The events of a run with each chunk in one, at the place of its last piece. */
export async function* wholeChunks(
  batches: AsyncIterable<PlacedEvent[]>,
): AsyncGenerator<PlacedEvent[], void, void> {
  let pieces = "";
  for await (const batch of batches) {
    const whole: PlacedEvent[] = [];
    for (const placed of batch) {
      const { event, position } = placed;
      if (event.event === "part") {
        pieces += event.data;
      } else if (event.event === "raw" && pieces !== "") {
        const data = pieces + event.data;
        whole.push({ position, event: { event: "raw", data } });
        pieces = "";
      } else {
        whole.push(placed);
        if (event.event === "reset") pieces = "";
      }
    }
    if (whole.length > 0) yield whole;
  }
}

/** Sequence number of the newest event that is no piece of a chunk still to come; -1 before the first. */
export function lastWholeSeq(run: LiveRun): number {
  let seq = run.lastSeq;
  while (run.slice(seq, seq + 1)[0]?.event.event === "part") seq -= 1;
  return seq;
}
