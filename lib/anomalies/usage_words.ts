/** Why usage stands out, in words and without a name of anybody. */
import type { Season } from "./season.ts";
import type { AnomalyPlace } from "./anomaly_record.ts";
import type { AnomalyMetric } from "./usage_metrics.ts";
import { comparison, figure, seasonWords } from "./words.ts";

const DAY_MS = 24 * 3_600_000;

const UNITS: Readonly<Record<AnomalyMetric, [one: string, many: string]>> = {
  requests: ["request", "requests"],
  tokens: ["token", "tokens"],
  cost: ["", ""],
  errors: ["failed answer", "failed answers"],
};

/** `412 requests`, `$3.20`. */
export function amount(metric: AnomalyMetric, value: number): string {
  if (metric === "cost") return `$${value.toFixed(2)}`;
  const [one, many] = UNITS[metric];
  return `${figure(value)} ${value === 1 ? one : many}`;
}

function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

/** Of one hour. */
export function usageReason(
  metric: AnomalyMetric,
  value: number,
  expected: number,
  season: Season,
  atMs: number,
): string {
  const hour = `${clockTime(atMs)} UTC`;
  const when = seasonWords(season, atMs);
  const usual = when === "" ? "usual" : `usual ${when}`;
  const what = value === 0 ? "Nothing" : amount(metric, value);
  if (expected === 0) {
    return `${what} in the hour from ${hour}, where nothing is ${usual}`;
  }
  const rest = value === 0 ? "" : `: ${comparison(value, expected)}`;
  return `${what} in the hour from ${hour}, where about ${
    amount(metric, expected)
  } ${expected === 1 ? "is" : "are"} ${usual}${rest}`;
}

/** Of hours in which nothing came. */
export function silenceReason(expected: number, hours: number): string {
  return `No requests for ${hours} ${
    hours === 1 ? "hour" : "hours"
  }, in which about ${figure(expected)} are usual: longer than ever before`;
}

/** The page of usage that shows it, of its day and the one before. */
export function usageLink(
  { dimension, key, metric }: Omit<AnomalyPlace, "direction">,
  startMs: number,
  lastMs: number,
): string {
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  const query = new URLSearchParams({
    range: "custom",
    from: day(startMs - DAY_MS),
    to: day(lastMs),
    measure: metric === "errors" ? "requests" : metric,
    ...(metric === "errors" ? { groupBy: "status" } : {}),
    ...(dimension === "all" ? {} : { [dimension]: key }),
    timeZone: "UTC",
  });
  return `/admin/usage?${query}`;
}
