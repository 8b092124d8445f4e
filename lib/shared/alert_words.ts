/** Values and lengths of time of alerts, in words. Mails, notifications, webhooks and pages say the same. */
import type { MetricUnit } from "./alert_metrics.ts";

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
      return `${
        (value !== 0 && Math.abs(value) < 0.01 ? SMALL : CENTS).format(value)
      } USD`;
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
