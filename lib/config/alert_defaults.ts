/** What is watched without anybody having said so. Each can be changed or switched off by its id. */
import type { AlertRuleSettings } from "./alerts.ts";

export const DEFAULT_ALERTS: readonly AlertRuleSettings[] = [
  {
    id: "event-loop-lag",
    metric: "event_loop_lag_ms",
    window: "1m",
    above: 100,
    for: "1m",
    severity: "warning",
  },
  {
    id: "memory",
    metric: "memory_bytes",
    window: "1m",
    above: 1_000_000_000,
    for: "2m",
    severity: "critical",
  },
  {
    id: "slow-requests",
    metric: "request_p95_ms",
    window: "5m",
    above: 500,
    for: "2m",
    severity: "warning",
  },
  {
    id: "workers-busy",
    metric: "worker_busy_ratio",
    window: "2m",
    above: 0.8,
    for: "2m",
    severity: "warning",
  },
  {
    id: "jobs-waiting",
    metric: "jobs_waiting",
    window: "1m",
    above: 50,
    for: "2m",
    severity: "warning",
  },
  {
    id: "error-rate",
    metric: "error_rate",
    window: "5m",
    above: 0.01,
    for: "2m",
    severity: "warning",
    // One failure among a handful of answers is no rate.
    minRequests: 20,
  },
  {
    id: "breaker-open",
    metric: "breaker_open",
    above: 0,
    for: "0s",
    clearFor: "1m",
    severity: "warning",
  },
  {
    id: "provider-down",
    metric: "provider_down",
    above: 0,
    for: "0s",
    clearFor: "1m",
    severity: "critical",
  },
  {
    id: "budget-warned",
    metric: "budget_warned",
    above: 0,
    for: "0s",
    clearFor: "0s",
    severity: "warning",
  },
  {
    id: "budget-spent",
    metric: "budget_exceeded",
    above: 0,
    for: "0s",
    clearFor: "0s",
    severity: "critical",
  },
];

/** Ids of these rules. */
export const DEFAULT_ALERT_IDS: ReadonlySet<string> = new Set(
  DEFAULT_ALERTS.map(({ id }) => id),
);
