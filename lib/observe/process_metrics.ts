/**
 * Numbers about the process, under the names that every Prometheus client gives them
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
 */
import process from "node:process";
import type { Metrics } from "./metrics.ts";

const MICROSECONDS_PER_SECOND = 1_000_000;

/** Registers them. @throws {TypeError} when it was done before */
export function measureProcess(metrics: Metrics): void {
  metrics.gauge(
    "process_resident_memory_bytes",
    "Memory of the process",
    () => Deno.memoryUsage().rss,
  );
  metrics.gauge(
    "freshet_heap_bytes",
    "Memory of the JavaScript heap in use",
    () => Deno.memoryUsage().heapUsed,
  );
  metrics.readCounter(
    "process_cpu_seconds_total",
    "Time that the process had a processor, for itself and in the kernel",
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS_PER_SECOND;
    },
  );
  const startedAtMs = Date.now();
  metrics.gauge(
    "process_start_time_seconds",
    "When the services were started, seconds since 1970 UTC",
    () => startedAtMs / 1_000,
  );
}
