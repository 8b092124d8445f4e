/** What is measured of the queue of jobs. */
import type { Metrics } from "./metrics.ts";

/** Upper bounds of how long attempts take, in seconds. */
const DURATION_BUCKETS = [
  0.005,
  0.025,
  0.1,
  0.5,
  1,
  5,
  15,
  60,
  300,
  900,
  3_600,
];

const MS_PER_SECOND = 1_000;

/** Jobs of the whole store by kind, as they were counted last. */
export type KindCounts = Readonly<
  Record<string, { readonly queued: number; readonly running: number }>
>;

/**
 * Registers the metrics of jobs.
 * @param counts what was counted last
 * @param busyRatio share of the places for jobs of this process that are taken, 0 to 1
 * @returns who counts an attempt that is over
 * @throws {TypeError} when it was done before
 */
export function measureJobs(
  metrics: Metrics,
  counts: () => KindCounts,
  busyRatio: () => number,
): (attempt: { kind: string; outcome: string; tookMs: number }) => void {
  metrics.gauge(
    "jobs_waiting",
    "Jobs that wait to be begun, in the whole store",
    () => Object.values(counts()).reduce((sum, { queued }) => sum + queued, 0),
  );
  metrics.gauge(
    "worker_busy_ratio",
    "Share of the places for jobs of this process that are taken",
    busyRatio,
  );
  metrics.gauge(
    "freshet_kind_jobs_waiting",
    "Jobs that wait to be begun, in the whole store, by kind",
    () =>
      Object.entries(counts()).map(([kind, { queued }]) => [[kind], queued]),
    ["kind"],
  );
  metrics.gauge(
    "freshet_kind_jobs_running",
    "Jobs that are being done, in the whole store, by kind",
    () =>
      Object.entries(counts()).map(([kind, { running }]) => [[kind], running]),
    ["kind"],
  );
  const durations = metrics.histogram(
    "job_duration_seconds",
    "How long attempts at jobs took in this process, by kind and by what came of them",
    DURATION_BUCKETS,
    ["kind", "outcome"],
  );
  return ({ kind, outcome, tookMs }) =>
    durations.of(kind, outcome).observe(tookMs / MS_PER_SECOND);
}
