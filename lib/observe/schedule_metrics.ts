/** What is measured of schedules. */
import type { Metrics } from "./metrics.ts";

/** Upper bounds of how late jobs were made, in seconds. */
const LATE_BUCKETS = [0.01, 0.05, 0.25, 1, 2, 5, 15, 60, 300, 3_600, 86_400];

const MS_PER_SECOND = 1_000;

/** What came of a due time: its job, or why there is none. */
export interface MeasuredRun {
  kind: "due" | "missed" | "crowded";
  /** From the due time to the job. */
  lateMs: number;
}

/**
 * Registers the metrics of schedules.
 * @returns who counts a due time that is done with
 * @throws {TypeError} when it was done before
 */
export function measureSchedules(
  metrics: Metrics,
): (run: MeasuredRun) => void {
  const runs = metrics.counter(
    "freshet_schedule_runs_total",
    "Due times of schedules that this process was done with, by what came of them",
    ["outcome"],
  );
  const late = metrics.histogram(
    "freshet_schedule_late_seconds",
    "How long after its due time the job of a schedule was made by this process",
    LATE_BUCKETS,
  );
  return ({ kind, lateMs }) => {
    runs.of(kind).add();
    if (kind === "due") late.of().observe(Math.max(0, lateMs) / MS_PER_SECOND);
  };
}
