/** Values and lengths of time of alerts, in words. Mails, notifications, webhooks and pages say the same. */
import {
  type AlertMetricName,
  isAlertMetric,
  metricOf,
  type MetricUnit,
} from "./alert_metrics.ts";
import type { AlertFilter, AlertRule } from "./wire.ts";

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat("en", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A value with its unit, such as `140 ms` or `2.4 %`. */
export function formatMetric(unit: MetricUnit, value: number): string {
  switch (unit) {
    case "milliseconds":
      return Math.abs(value) >= 10_000
        ? `${COUNT.format(value / 1_000)} s`
        : `${(Math.abs(value) < 10 ? COUNT : WHOLE).format(value)} ms`;
    case "bytes":
      return formatBytes(value);
    case "ratio":
      return `${COUNT.format(value * 100)} %`;
    case "dollars":
      return `${value < 0 ? "−" : ""}$${
        (value !== 0 && Math.abs(value) < 0.01 ? SMALL : CENTS)
          .format(Math.abs(value))
      }`;
    case "perSecond":
      return `${COUNT.format(value)} a second`;
    case "count":
    case "state":
      return COUNT.format(value);
  }
}

function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let size = bytes;
  while (Math.abs(size) >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${COUNT.format(size)} ${units[unit]}`;
}

/** A length of time in its largest two units, such as `2 h 5 min`. */
export function formatSpan(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / SECOND_MS) * SECOND_MS;
  if (seconds < MINUTE_MS) return `${seconds / SECOND_MS} s`;
  const parts: [number, string][] = seconds < HOUR_MS
    ? [[MINUTE_MS, "min"], [SECOND_MS, "s"]]
    : seconds < DAY_MS
    ? [[HOUR_MS, "h"], [MINUTE_MS, "min"]]
    : [[DAY_MS, "d"], [HOUR_MS, "h"]];
  const [[large, largeName], [small, smallName]] = parts;
  const rest = Math.floor(seconds % large / small);
  const whole = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

const SPAN_WORDS = { s: "s", m: "min", h: "h", d: "d" } as const;

/** A length of time as rules have it, in words: `5m` is `5 min`. */
export function spanWords(span: string): string {
  const unit = span.slice(-1) as keyof typeof SPAN_WORDS;
  return `${span.slice(0, -1)} ${SPAN_WORDS[unit] ?? unit}`;
}

const FILTER_WORDS: Readonly<Record<keyof AlertFilter, string>> = {
  model: "model",
  provider: "provider",
  user: "person",
  key: "key",
  group: "group",
  source: "source",
};

/** When a rule fires, in words: "Memory above 1 GB over 1 min, for 2 min". */
export function ruleWords(
  { metric, above, below, window, for: held, where, minRequests }: Pick<
    AlertRule,
    "metric" | "above" | "below" | "window" | "for" | "where" | "minRequests"
  >,
): string {
  if (!isAlertMetric(metric)) return metric;
  const { title, unit, source } = metricOf(metric);
  const lasting = held.startsWith("0") ? "" : `, for ${spanWords(held)}`;
  if (unit === "state") return `${title}${lasting}`;
  const limit = formatMetric(unit, above ?? below ?? 0);
  const side = above === null ? "below" : "above";
  const filter = (Object.keys(FILTER_WORDS) as (keyof AlertFilter)[])
    .flatMap((name) =>
      where[name] === undefined ? [] : [`${FILTER_WORDS[name]} ${where[name]}`]
    );
  const of = filter.length === 0 ? "" : `, of ${filter.join(" and ")}`;
  const least = source === "usage" && minRequests > 1
    ? `, from ${COUNT.format(minRequests)} requests on`
    : "";
  return `${title} ${side} ${limit} over ${
    spanWords(window)
  }${of}${least}${lasting}`;
}

/** What forms measure limits in: a unit that people can type, and how much of it a value of 1 is. */
export function formUnit(
  metric: AlertMetricName,
): { words: string; size: number } {
  switch (metricOf(metric).unit) {
    case "milliseconds":
      return { words: "ms", size: 1 };
    case "bytes":
      return { words: "MB", size: 1_000_000 };
    case "ratio":
      return { words: "%", size: 0.01 };
    case "dollars":
      return { words: "US dollars", size: 1 };
    case "perSecond":
      return { words: "a second", size: 1 };
    case "count":
    case "state":
      return { words: "", size: 1 };
  }
}
