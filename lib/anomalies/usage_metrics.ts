/** What of usage is watched. */
import type { UsageReport } from "@/lib/usage/usage_query.ts";

type UsageSummary = UsageReport["groups"][number];

export const ANOMALY_METRICS = [
  "requests",
  "tokens",
  "cost",
  "errors",
] as const;

export type AnomalyMetric = (typeof ANOMALY_METRICS)[number];

/** In which direction something is unusual. */
export type AnomalyDirection = "above" | "below";

interface MetricRule {
  of: (summary: UsageSummary) => number;
  /** Smaller differences are not worth telling. */
  leastDifference: number;
  /** Whether less than usual is told: of tokens, cost and errors that follows from the requests. */
  isToldBelow: boolean;
}

const MICRO_USD = 1e6;

export const METRIC_RULES: Readonly<Record<AnomalyMetric, MetricRule>> = {
  requests: {
    of: ({ requests }) => requests,
    leastDifference: 20,
    isToldBelow: true,
  },
  tokens: {
    of: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
    leastDifference: 20_000,
    isToldBelow: false,
  },
  cost: {
    of: ({ costMicroUsd }) => costMicroUsd / MICRO_USD,
    leastDifference: 0.5,
    isToldBelow: false,
  },
  errors: {
    of: ({ errors }) => errors,
    leastDifference: 10,
    isToldBelow: false,
  },
};

/** By what usage is watched, the narrowest first; `all`: the workspace as a whole. */
export const ANOMALY_DIMENSIONS = ["key", "user", "model", "all"] as const;

export type AnomalyDimension = (typeof ANOMALY_DIMENSIONS)[number];
