/** Numbers about live connections, and about how soon events reach those who listen. */
import type { Distribution, Labelled, Metrics } from "./metrics.ts";

/** How a live connection is made. */
export type LiveTransportName = "socket" | "stream";

/** Why the server ends a connection that its client wanted to keep. */
export type LiveDropReason = typeof DROP_REASONS[number];

const DROP_REASONS = ["too_slow", "access", "channel", "flood"] as const;

/** From half a millisecond on, in seconds. */
const DELIVERY_BUCKETS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  5,
  30,
];

export class LiveMetrics {
  readonly #dropped;
  readonly #delivery: Labelled<Distribution>;
  readonly #connections = new Map<LiveTransportName, number>([
    ["socket", 0],
    ["stream", 0],
  ]);

  /** @param lagMs how old the oldest new event was, by who is told of events */
  constructor(metrics: Metrics, lagMs: () => Iterable<[string, number]>) {
    metrics.gauge(
      "live_connections",
      "Open connections of /api/live",
      () => [...this.#connections].map(([name, count]) => [[name], count]),
      ["transport"],
    );
    this.#dropped = metrics.counter(
      "live_dropped_total",
      "Live connections that the server ended, by why",
      ["reason"],
    );
    // A rate of what was never there before is none: the first one would be missed.
    for (const reason of DROP_REASONS) this.#dropped.of(reason).add(0);
    this.#delivery = metrics.histogram(
      "event_delivery_seconds",
      "Time from an event to its subscriber, replayed events left out",
      DELIVERY_BUCKETS,
      ["subscriber"],
    );
    metrics.gauge(
      "event_lag",
      "Age in seconds of the oldest event that a subscriber found new when it looked last",
      () => [...lagMs()].map(([name, ms]) => [[name], ms / 1_000]),
      ["subscriber"],
    );
  }

  /** A connection has begun. @returns call it once it has ended */
  connected(transport: LiveTransportName): () => void {
    const count = (by: number) =>
      this.#connections.set(
        transport,
        (this.#connections.get(transport) ?? 0) + by,
      );
    count(1);
    return () => void count(-1);
  }

  dropped(reason: LiveDropReason): void {
    this.#dropped.of(reason).add();
  }

  /** @param ageMs of the event when the subscriber got it */
  delivered(subscriber: string, ageMs: number): void {
    this.#delivery.of(subscriber).observe(Math.max(0, ageMs) / 1_000);
  }
}
