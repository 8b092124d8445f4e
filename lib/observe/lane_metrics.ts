/** Metrics of the writer of this process, whichever incarnation it has. */
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Metrics } from "./metrics.ts";

export interface LaneParts {
  metrics: Metrics;
  owner: Pick<Owner, "incarnation" | "subscribe">;
}

const BATCH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** Registers them. @throws {TypeError} when it was done before */
export function measureLane({ metrics, owner }: LaneParts): void {
  const lane = () => owner.incarnation.lane;
  const batches = metrics.histogram(
    "freshet_lane_batch_seconds",
    "From sending a batch of the writer of this process to its commit",
    BATCH_SECONDS,
  ).of();
  const bytes = metrics.counter(
    "freshet_lane_bytes_total",
    "Bytes that the writer of this process has committed",
  ).of();
  const entries = metrics.counter(
    "freshet_lane_entries_total",
    "Entries that the writer of this process has committed, many in a batch",
  ).of();
  const halts = metrics.counter(
    "freshet_lane_halts_total",
    "Times that the writer of this process waited for a store that did not answer",
  ).of();
  const watch = (incarnation: Incarnation) => {
    incarnation.lane.onBatch = (batch) => {
      batches.observe(batch.durationMs / 1_000);
      bytes.add(batch.bytes);
      entries.add(batch.entries);
    };
    incarnation.lane.subscribe((event) => {
      if (event.type === "halted") halts.add();
    });
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
  metrics.gauge(
    "freshet_lane_pending_bytes",
    "Bytes that wait for their commit",
    () => lane().pendingBytes,
  );
  metrics.gauge(
    "freshet_lane_log_pages",
    "Log pages of this process that are in the store",
    () => lane().logPages,
  );
  metrics.gauge(
    "freshet_lane_open",
    "1 while the writer of this process commits, 0 while it is halted or fenced",
    () => lane().state === "open" ? 1 : 0,
  );
}
