/** What a page of usage is made of: figures that are known, null where they did not come in time. */
import type { ChartPlace, Hue } from "@/lib/shared/chart_parts.ts";
import type { EffectiveLimits, UsageNumbers } from "@/lib/shared/wire.ts";
import type { UsageChoice, UsageGroup, UsageMeasure } from "./usage_choice.ts";

/** What was used by a part or in a stretch of time; people are not counted for each. */
export type UsageFigures =
  & Omit<UsageNumbers, "activeUsers">
  & Partial<Pick<UsageNumbers, "activeUsers">>;

/** A part of usage under its name. */
export interface UsagePart {
  /** As the sums hold it; "" is none. */
  key: string;
  label: string;
  numbers: UsageFigures;
  /** The same in the span before; null: nothing, or not known. */
  before: UsageFigures | null;
}

/** Usage told apart by a dimension. */
export interface UsageParts {
  group: UsageGroup;
  /** The first of them, those with most of what the page counts first. */
  parts: UsagePart[];
  /** How many there are. */
  count: number;
}

/** A part of the large chart. */
export interface UsageBar {
  /** Null: several that have no colour of their own. */
  part: UsagePart | null;
  label: string;
  hue: Hue;
  /** Of the measure, one for each place; null: there are no records of it. */
  values: (number | null)[];
  total: number;
  /** Whether nothing of it has a price: what it cost is unknown then, and not 0. */
  isUnpriced: boolean;
}

/** Percentiles of one stretch of time. */
export interface UsageMoment {
  place: ChartPlace;
  /** Null: there are no records. */
  numbers: UsageFigures | null;
}

/** What is left of a budget of money, from its beginning to its end. */
export interface BurnDown {
  /** `November`, `This week`, `Today`. */
  period: string;
  limitMicroUsd: number;
  leftMicroUsd: number;
  /** Marks of the axis, from the beginning to the end. */
  places: ChartPlace[];
  /** What was left: where in the period, from 0 to 1, and what was spent in the stretch before. */
  points: {
    at: number;
    title: string;
    leftMicroUsd: number;
    spentMicroUsd: number;
  }[];
  /** Left at the end, at the pace of now; below 0: it does not last. */
  forecastMicroUsd: number;
  /** The forecast in a sentence. */
  forecast: string;
  today: string;
  end: string;
}

export interface UsagePageView {
  choice: UsageChoice;
  measure: UsageMeasure;
  /** `25 Oct to 23 Nov`. */
  span: string;
  /** With years, for print. */
  longSpan: string;
  /** `25 Sep to 24 Oct`; null: it is compared to nothing. */
  spanBefore: string | null;
  /** How long a place of the large chart is. */
  unit: "hour" | "day" | "week" | "month";
  /** The time zone of the places, which is UTC for what is long ago. */
  timeZone: string;
  /** Null: not in time. */
  totals: UsageNumbers | null;
  before: UsageNumbers | null;
  places: ChartPlace[];
  /** Null: not in time. */
  bars: UsageBar[] | null;
  /** All groups of the chart's dimension. */
  groups: UsageParts | null;
  /** A name for each value that the filters have. */
  chips: { group: UsageGroup; value: string; label: string }[];
  /** By the hour or day. */
  moments: UsageMoment[];
  /** By other dimensions; null: not in time. */
  lists: { group: UsageGroup; parts: UsageParts | null }[];
  /** Null: there is no such budget. */
  burnDown: BurnDown | null;
  /** One's own; null on the page of the workspace. */
  limits: EffectiveLimits | null;
  /** What did not come in time, in words. */
  missing: string[];
  csvHref: string;
  /** Where the requests behind the figures are; null: not to be seen, or not told apart so. */
  requests: { failed: string; slow: string } | null;
  /** Where prices are set; null: not by the viewer. */
  pricesHref: string | null;
  nowMs: number;
}

/** What the large chart counts of some usage. */
export function measured(
  numbers: Pick<
    UsageNumbers,
    "costMicroUsd" | "requests" | "inputTokens" | "outputTokens"
  >,
  measure: UsageMeasure,
): number {
  switch (measure) {
    case "cost":
      return numbers.costMicroUsd;
    case "requests":
      return numbers.requests;
    case "tokens":
      return numbers.inputTokens + numbers.outputTokens;
  }
}
