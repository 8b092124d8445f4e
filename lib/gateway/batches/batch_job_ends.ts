/** Tells batches whose jobs have ended before they did. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import { BATCH_JOB, type Batches } from "./batches.ts";

export class BatchJobEnds implements Consumer {
  readonly name = "batch-jobs";
  readonly #batches: Pick<Batches, "jobEnded">;

  constructor(batches: Pick<Batches, "jobEnded">) {
    this.#batches = batches;
  }

  async handle(events: readonly ConsumedEvent[]): Promise<number> {
    for (const { space, event: { type, subject, data } } of events) {
      if (data.kind !== BATCH_JOB) continue;
      if (type === "job.cancelled") {
        await this.#batches.jobEnded(space, subject, "cancelled");
      } else if (type === "job.dead") {
        await this.#batches.jobEnded(space, subject, "dead");
      }
    }
    return events.length;
  }

  /** A batch whose job has ended unseen is cancelled by whoever wants it gone. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }
}
