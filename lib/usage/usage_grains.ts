/** Lengths of time by which usage is added up, and how long each is kept. */
import type { UsageGrain } from "@/lib/kv/keys.ts";

export const MINUTE_MS = 60_000;
export const QUARTER_MS = 15 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Sums that are made of shorter ones, in milliseconds; shortest first. */
export const GRAINS_MS: Readonly<Record<UsageGrain, number>> = {
  quarter: QUARTER_MS,
  hour: HOUR_MS,
  day: DAY_MS,
};

export const GRAINS: readonly UsageGrain[] = ["quarter", "hour", "day"];

/**
 * How long sums are kept, in milliseconds; days are for ever. The last 90 days of any time zone can be told
 * by the hour, the one that goes on among them.
 */
export const KEPT_MS = {
  minute: 2 * DAY_MS,
  quarter: 92 * DAY_MS,
  hour: 92 * DAY_MS,
} as const;

/** Of what a sum is added up, and which one it is a part of. */
export const CHAIN = {
  quarter: { part: "minute", whole: "hour" },
  hour: { part: "quarter", whole: "day" },
  day: { part: "hour", whole: null },
} as const;

/** The beginning of the sum that a moment is in. */
export function startOf(grain: UsageGrain, atMs: number): number {
  return atMs - atMs % GRAINS_MS[grain];
}
