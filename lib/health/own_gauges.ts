/** The gauges that every process has, each taken from the service that knows the number. */
import type { Answers } from "@/lib/cache/answers.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { LiveFeed } from "@/lib/events/live_feed.ts";
import type { JobStatistics } from "@/lib/jobs/job_statistics.ts";
import type { JobWorker } from "@/lib/jobs/job_worker.ts";
import { CacheHits } from "./cache_hits.ts";
import type { Gauges } from "./gauges.ts";
import type { HealthMeters } from "./health_meters.ts";
import { CpuUse, memoryBytes } from "./process_use.ts";

/** Who knows the numbers. */
export interface GaugeSources {
  meters: HealthMeters;
  jobWorker: Pick<JobWorker, "running" | "places">;
  jobStatistics: Pick<JobStatistics, "lastCounts">;
  runs: { readonly executing: number };
  answers: Pick<Answers, "report">;
  models: { readonly openSockets: number };
  admission: { readonly inProgress: number };
  /** Connections that the process may have. */
  maxConnections: number;
  liveFeed: Pick<LiveFeed, "connections" | "lagMs">;
  consumers: Pick<Consumers, "lagMs">;
  /** Size of the store as it was looked up last, in bytes; null: nobody can tell. */
  storeBytes: () => number | null;
  /** Milliseconds that only grow. */
  now: () => number;
}

/** Adds them. @throws {TypeError} when it was done before */
export function addOwnGauges(gauges: Gauges, sources: GaugeSources): void {
  addProcessGauges(gauges, sources);
  addRequestGauges(gauges, sources);
  addStoreGauges(gauges, sources);
  addWorkGauges(gauges, sources);
  addConnectionGauges(gauges, sources);
}

function addProcessGauges(gauges: Gauges, { meters, now }: GaugeSources): void {
  const cpu = new CpuUse(now);
  gauges.add({
    id: "event_loop_lag_ms",
    title: "Longest wait for the event loop",
    unit: "ms",
    better: "low",
    read: () => meters.loopLagMs,
  });
  gauges.add({
    id: "memory_bytes",
    title: "Memory",
    unit: "bytes",
    better: "low",
    read: memoryBytes,
  });
  gauges.add({
    id: "cpu_ratio",
    title: "Processor, of one core",
    unit: "ratio",
    better: "low",
    read: () => cpu.ratio,
  });
}

function addRequestGauges(
  gauges: Gauges,
  { meters, runs }: GaugeSources,
): void {
  gauges.add({
    id: "error_rate",
    title: "Requests that failed",
    unit: "ratio",
    better: "low",
    read: () => meters.errorRatio,
  });
  gauges.add({
    id: "request_p95_ms",
    title: "Requests that ask no model, p95",
    unit: "ms",
    better: "low",
    read: () => meters.requestP95Ms,
  });
  gauges.add({
    id: "streams_active",
    title: "Answers under way",
    unit: "count",
    across: "sum",
    read: () => runs.executing,
  });
}

function addStoreGauges(
  gauges: Gauges,
  { meters, storeBytes, answers, now }: GaugeSources,
): void {
  const hits = new CacheHits(() => answers.report(), now);
  gauges.add({
    id: "kv_read_ms",
    title: "Reads of the store, p95",
    unit: "ms",
    better: "low",
    read: () => meters.storeReadMs,
  });
  gauges.add({
    id: "kv_write_ms",
    title: "Writes to the store, p95",
    unit: "ms",
    better: "low",
    read: () => meters.storeWriteMs,
  });
  gauges.add({
    id: "store_bytes",
    title: "Size of the store",
    unit: "bytes",
    across: "same",
    read: storeBytes,
  });
  gauges.add({
    id: "cache_hit_ratio",
    title: "Answers from the cache",
    unit: "ratio",
    better: "high",
    read: () => hits.ratio,
  });
  gauges.add({
    id: "cache_bytes",
    title: "Cache in memory",
    unit: "bytes",
    across: "sum",
    read: () => answers.report().inMemory.bytes,
  });
}

function addWorkGauges(
  gauges: Gauges,
  { jobStatistics, jobWorker, consumers, liveFeed }: GaugeSources,
): void {
  gauges.add({
    id: "jobs_waiting",
    title: "Jobs that wait",
    unit: "count",
    better: "low",
    across: "same",
    read: () => jobStatistics.lastCounts?.total.queued ?? null,
  });
  gauges.add({
    id: "jobs_running",
    title: "Jobs under way",
    unit: "count",
    across: "sum",
    read: () => jobWorker.running,
  });
  gauges.add({
    id: "worker_busy_ratio",
    title: "Places for jobs in use",
    unit: "ratio",
    better: "low",
    read: () => jobWorker.running / jobWorker.places,
  });
  gauges.add({
    id: "event_lag",
    title: "Oldest event not told yet",
    unit: "ms",
    better: "low",
    read: () => Math.max(liveFeed.lagMs, ...consumers.lagMs.values()),
  });
}

function addConnectionGauges(
  gauges: Gauges,
  { models, admission, liveFeed, maxConnections }: GaugeSources,
): void {
  gauges.add({
    id: "upstream_sockets",
    title: "Connections to providers",
    unit: "count",
    across: "sum",
    read: () => models.openSockets,
  });
  gauges.add({
    id: "live_connections",
    title: "Pages that listen",
    unit: "count",
    across: "sum",
    read: () => liveFeed.connections,
  });
  gauges.add({
    id: "descriptors",
    title: "Connections in use",
    unit: "count",
    better: "low",
    full: maxConnections,
    read: () => admission.inProgress + models.openSockets,
  });
}
