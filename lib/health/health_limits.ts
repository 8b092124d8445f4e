/** From where on a reading is not well. What alerts watch is told here alike. */
import { DEFAULT_ALERTS } from "@/lib/config/alert_defaults.ts";
import { isAlertMetric, metricOf } from "@/lib/shared/alert_metrics.ts";
import type { GaugeInfo } from "./gauges.ts";

export interface HealthLimit {
  /** Above this. */
  above: number;
  level: "warning" | "critical";
}

/** A rule that a gauge is watched by. */
export interface GaugeRule {
  metric?: string;
  above?: number | null;
  severity?: string;
  /** Whether it watches at all; it does unless told. */
  enabled?: boolean;
}

/** For what no rule watches; a reading there is a hint, and nobody is woken by it. */
const UNWATCHED: Readonly<Record<string, number>> = {
  cpu_ratio: 0.9,
  kv_read_ms: 100,
  kv_write_ms: 200,
  event_lag: 10_000,
};

/** What can be used is nearly used up from this share on. */
const NEARLY_FULL = 0.8;

/**
 * The limits of a gauge, the lowest first.
 * @param rules those in force
 */
export function limitsOf(
  { id, full }: Pick<GaugeInfo, "id" | "full">,
  rules: readonly GaugeRule[] = DEFAULT_ALERTS,
): HealthLimit[] {
  const limits = rules.flatMap((
    { metric, above = null, severity, enabled = true },
  ): HealthLimit[] =>
    metric === id && above !== null && enabled
      ? [{ above, level: severity === "critical" ? "critical" : "warning" }]
      : []
  );
  if (limits.length > 0) return limits.sort((a, b) => a.above - b.above);
  if (full !== null) {
    return [{ above: Math.floor(NEARLY_FULL * full), level: "warning" }];
  }
  return id in UNWATCHED ? [{ above: UNWATCHED[id], level: "warning" }] : [];
}

/** What is the matter, and what to do about it, when a gauge is beyond its limit. */
export interface HealthAdvice {
  trouble: string;
  next: string;
  href: string | null;
}

/** The page on which the readings stand; nobody needs a link to where they are. */
const HERE = "/admin/health";

export function adviceOf(
  { id, title }: Pick<GaugeInfo, "id" | "title">,
): HealthAdvice {
  if (!isAlertMetric(id)) {
    return {
      trouble: `${title} is beyond its limit`,
      next: "See below which process it is.",
      href: null,
    };
  }
  const { trouble, next, href } = metricOf(id);
  return {
    // Alerts count answers by that name, and this page all requests of its processes.
    trouble: id === "error_rate" ? "Many requests fail" : trouble,
    next,
    href: href === HERE ? null : href,
  };
}
