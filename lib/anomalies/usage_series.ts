/** Usage of a workspace by the hour, in all and by what is watched. */
import { OTHER, type UsageQuery } from "@/lib/usage/usage_query.ts";
import {
  ANOMALY_DIMENSIONS,
  ANOMALY_METRICS,
  type AnomalyDimension,
  type AnomalyMetric,
  METRIC_RULES,
} from "./usage_metrics.ts";

export const HOUR_MS = 3_600_000;

/** One thing that is watched, with a value for each hour. */
export interface UsageSeries {
  dimension: AnomalyDimension;
  /** Id of the key or user, name of the model; "" of the workspace as a whole. */
  key: string;
  values: Record<AnomalyMetric, Float64Array>;
}

/** So many of each kind are watched: those with the most requests. */
export const MOST_SERIES = 50;

/** @param span whole hours */
export async function readUsageSeries(
  query: Pick<UsageQuery, "ask">,
  workspace: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<UsageSeries[]> {
  const hours = Math.round((toMs - fromMs) / HOUR_MS);
  const read = await Promise.all(
    ANOMALY_DIMENSIONS.map(async (dimension) => {
      const report = await query.ask(workspace, {
        fromMs,
        toMs,
        bucket: "hour",
        timeZone: "UTC",
        groupBy: dimension === "all" ? null : dimension,
        filters: {},
        series: MOST_SERIES,
        times: "totals",
      }, signal);
      const series = new Map<string, UsageSeries>();
      for (const summary of report.series) {
        const key = summary.key ?? "";
        // What has no key, and what is told together, is no one thing.
        if (dimension !== "all" && (key === "" || key === OTHER)) continue;
        let own = series.get(key);
        if (own === undefined) {
          series.set(key, own = emptySeries(dimension, key, hours));
        }
        const hour = Math.floor((summary.startMs - fromMs) / HOUR_MS);
        for (const metric of ANOMALY_METRICS) {
          const value = METRIC_RULES[metric].of({ ...summary, key });
          own.values[metric][hour] += value;
        }
      }
      return [...series.values()];
    }),
  );
  return read.flat();
}

export function emptySeries(
  dimension: AnomalyDimension,
  key: string,
  hours: number,
): UsageSeries {
  return {
    dimension,
    key,
    values: Object.fromEntries(
      ANOMALY_METRICS.map((metric) => [metric, new Float64Array(hours)]),
    ) as UsageSeries["values"],
  };
}
