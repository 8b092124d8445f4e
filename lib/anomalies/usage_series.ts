/** Usage of a workspace by the hour, in all and by what is watched. */
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import {
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

/** Whole hours. */
export interface HourSpan {
  fromMs: number;
  toMs: number;
}

const PARTS = ["key", "user", "model"] as const;

/** What is watched beside the workspace as a whole. */
export type Watched = Record<(typeof PARTS)[number], string[]>;

/** So many of each kind are watched: those with the most requests. */
const MOST_WATCHED = 50;
/** Hours that one question is about: what is answered is made in one go. */
const HOURS_A_QUESTION = 7 * 24;

const QUESTION = {
  timeZone: "UTC",
  filters: {},
  // Only counts are looked at.
  times: "totals",
} as const;

type Query = Pick<UsageQuery, "ask">;

/** Keys, people and models with the most requests. */
export async function mostUsed(
  query: Query,
  workspace: string,
  span: HourSpan,
  signal: AbortSignal,
): Promise<Watched> {
  const watched: Watched = { key: [], user: [], model: [] };
  for (const dimension of PARTS) {
    const { groups } = await query.ask(workspace, {
      ...QUESTION,
      ...span,
      bucket: "day",
      groupBy: dimension,
      series: 0,
    }, signal);
    // What has no key is no one thing.
    watched[dimension] = groups.map(({ key }) => key).filter(Boolean)
      .slice(0, MOST_WATCHED);
  }
  return watched;
}

/** What is watched and the workspace as a whole; what was not used has no series. */
export async function readUsageSeries(
  query: Query,
  workspace: string,
  span: HourSpan,
  watched: Watched,
  signal: AbortSignal,
): Promise<UsageSeries[]> {
  const { fromMs, toMs } = span;
  const hours = Math.round((toMs - fromMs) / HOUR_MS);
  const series = new Map<string, UsageSeries>();
  const chunkMs = HOURS_A_QUESTION * HOUR_MS;
  for (let atMs = fromMs; atMs < toMs; atMs += chunkMs) {
    for (const dimension of [null, ...PARTS]) {
      const keys = dimension === null ? [] : watched[dimension];
      if (dimension !== null && keys.length === 0) continue;
      const report = await query.ask(workspace, {
        ...QUESTION,
        fromMs: atMs,
        toMs: Math.min(toMs, atMs + chunkMs),
        bucket: "hour",
        groupBy: dimension,
        series: keys.length,
        ...(dimension === null ? {} : { filters: { [dimension]: keys } }),
      }, signal);
      for (const summary of report.series) {
        const key = summary.key ?? "";
        const id = `${dimension} ${key}`;
        let own = series.get(id);
        if (own === undefined) {
          series.set(id, own = emptySeries(dimension ?? "all", key, hours));
        }
        const hour = Math.floor((summary.startMs - fromMs) / HOUR_MS);
        for (const metric of ANOMALY_METRICS) {
          const value = METRIC_RULES[metric].of({ ...summary, key });
          own.values[metric][hour] += value;
        }
      }
    }
  }
  return [...series.values()];
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
