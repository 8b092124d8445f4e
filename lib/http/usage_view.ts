/** A report of usage as the API and its file have it. */
import type {
  UsageDimension,
  UsageReport,
  UsageTotals,
} from "@/lib/usage/usage_query.ts";
import { csvCell } from "@/lib/audit/audit_export.ts";
import { OTHER } from "@/lib/usage/usage_query.ts";
import type { UsageAnswer } from "@/lib/shared/wire.ts";

/** What a value of a dimension is called; null where nobody knows it any more. */
export type LabelOf = (key: string) => string | null;

export function usageAnswer(
  report: UsageReport,
  labelOf: LabelOf,
): UsageAnswer {
  return {
    from: toText(report.fromMs),
    to: toText(report.toMs),
    bucket: report.bucket,
    timeZone: report.timeZone,
    totals: report.totals,
    groups: report.groups.map((group) => ({
      ...group,
      label: labelOf(group.key) ?? group.key,
    })),
    series: report.series.map(({ startMs, ...row }) => ({
      start: toText(startMs),
      ...row,
    })),
    asOf: toText(report.asOfMs),
  };
}

function toText(atMs: number): string {
  return new Date(atMs).toISOString();
}

const NUMBERS = [
  "requests",
  "errors",
  "inputTokens",
  "cachedInputTokens",
  "outputTokens",
  "costMicroUsd",
  "unpricedRequests",
  "estimatedRequests",
  "cacheHits",
  "joined",
  "savedMicroUsd",
] as const satisfies readonly (keyof UsageTotals)[];

const MEASURES = [
  "ttftMs",
  "tokensPerSecond",
  "totalMs",
  "overheadMs",
] as const;

/** The lines of a file of the report's series (RFC 4180), the head first. */
export function* usageLines(
  { series }: UsageReport,
  dimension: UsageDimension | null,
  labelOf: LabelOf,
): Generator<string, void, void> {
  yield line([
    "start",
    ...dimension === null ? [] : [dimension, "label"],
    ...NUMBERS,
    ...dimension === null ? ["activeUsers"] : [],
    ...MEASURES.flatMap((
      name,
    ) => [`${name}.n`, `${name}.p50`, `${name}.p95`, `${name}.p99`]),
  ]);
  for (const { startMs, key, ...row } of series) {
    yield line([
      toText(startMs),
      ...dimension === null ? [] : [
        key ?? "",
        key === null || key === OTHER ? "" : labelOf(key) ?? "",
      ],
      ...NUMBERS.map((name) => row[name]),
      ...dimension === null ? [row.activeUsers ?? 0] : [],
      ...MEASURES.flatMap((name) => {
        const { n, p50, p95, p99 } = row[name];
        return [
          n,
          ...[p50, p95, p99].map((value) =>
            value === null ? null : Math.round(value * 100) / 100
          ),
        ];
      }),
    ]);
  }
}

function line(values: readonly (string | number | null)[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}
