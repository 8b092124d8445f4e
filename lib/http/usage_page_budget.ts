/** What is left of a budget of money from day to day, and how long it lasts. */
import type { HeldBudget } from "@/lib/limits/budget_rules.ts";
import type { BudgetUse } from "@/lib/limits/budgets.ts";
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";
import { formatDollars } from "@/lib/shared/usage/usage_format.ts";
import type { BurnDown } from "@/lib/shared/usage/usage_page.ts";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The pace is that of so long, in milliseconds. */
const PACE_MS = 14 * DAY_MS;

/** Asks for usage of whom the budget is for. */
export type AskUsage = (
  question: Pick<UsageQuestion, "fromMs" | "toMs" | "bucket" | "timeZone">,
) => Promise<UsageReport>;

/** A budget of money that begins anew. */
interface MoneySpan {
  startMs: number;
  endMs: number;
  limitMicroUsd: number;
  spentMicroUsd: number;
  period: "day" | "week" | "month";
}

/** Of some budgets the one for a subject that is shown: of the longest period. */
export function budgetToShow(
  uses: readonly BudgetUse[],
  subject: string,
): BudgetUse | null {
  const order = ["month", "week", "day"];
  const shown = uses.filter(({ budget }) =>
    budget.subject === subject && budget.limit.microUsd !== null &&
    order.includes(budget.span.period)
  );
  return shown.sort((left, right) =>
    order.indexOf(left.budget.span.period) -
    order.indexOf(right.budget.span.period)
  )[0] ?? null;
}

/** @throws what asking throws */
export async function burnDownOf(
  use: BudgetUse,
  nowMs: number,
  ask: AskUsage,
): Promise<BurnDown> {
  const span = moneySpan(use);
  const { startMs, period } = span;
  const isDay = period === "day";
  const [inPeriod, recent] = await Promise.all([
    ask({
      fromMs: startMs,
      toMs: nowMs,
      bucket: isDay ? "hour" : "day",
      timeZone: "UTC",
    }),
    isDay ? null : ask({
      fromMs: nowMs - PACE_MS,
      toMs: nowMs,
      bucket: "day",
      timeZone: "UTC",
    }),
  ]);
  const pace = recent === null
    ? span.spentMicroUsd / Math.max(HOUR_MS, nowMs - startMs)
    : recent.totals.costMicroUsd / (recent.toMs - recent.fromMs);
  return toBurnDown(span, inPeriod, pace, nowMs);
}

function moneySpan({ budget, spent }: BudgetUse): MoneySpan {
  const { span, limit } = budget;
  return {
    startMs: startOf(span),
    endMs: span.endsAtMs!,
    limitMicroUsd: limit.microUsd!,
    spentMicroUsd: spent.microUsd,
    period: span.period as MoneySpan["period"],
  };
}

/** Its name is the day or month with which it begins. */
function startOf({ name }: HeldBudget["span"]): number {
  const text = name.replace("w", "");
  return Date.parse(text.length === "2026-11".length ? `${text}-01` : text);
}

/** @param pace micro-dollars in a millisecond */
export function toBurnDown(
  { startMs, endMs, limitMicroUsd, spentMicroUsd, period }: MoneySpan,
  report: Pick<UsageReport, "series">,
  pace: number,
  nowMs: number,
): BurnDown {
  const stepMs = period === "day" ? HOUR_MS : DAY_MS;
  const at = (atMs: number) => (atMs - startMs) / (endMs - startMs);
  const words = dayWords(period === "day");
  const left = limitMicroUsd - spentMicroUsd;
  const points: BurnDown["points"] = [];
  for (let fromMs = startMs; fromMs < nowMs; fromMs += stepMs) {
    points.push({
      at: at(Math.min(nowMs, fromMs + stepMs)),
      title: words(fromMs),
      leftMicroUsd: left,
      spentMicroUsd: report.series
        .filter(({ startMs }) => startMs >= fromMs && startMs < fromMs + stepMs)
        .reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0),
    });
  }
  // Back from what the budget says now: it may count from later on than the sums do, as one that is new.
  for (let place = points.length - 2; place >= 0; place -= 1) {
    const { leftMicroUsd, spentMicroUsd } = points[place + 1];
    points[place].leftMicroUsd = Math.min(
      limitMicroUsd,
      leftMicroUsd + spentMicroUsd,
    );
  }
  const forecastMicroUsd = Math.round(left - pace * (endMs - nowMs));
  const steps = Math.round((endMs - startMs) / stepMs);
  const places: ChartPlace[] = Array.from({ length: steps + 1 }, (_, step) => {
    const title = words(Math.min(startMs + step * stepMs, endMs));
    return { label: title, title };
  });
  const end = period === "day" ? "midnight UTC" : words(endMs - DAY_MS);
  return {
    period: period === "month"
      ? new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" })
        .format(startMs)
      : period === "week"
      ? "this week"
      : "today",
    limitMicroUsd,
    leftMicroUsd: left,
    places,
    points,
    forecastMicroUsd,
    forecast: forecastWords({
      left,
      limit: limitMicroUsd,
      forecast: forecastMicroUsd,
      pace,
      nowMs,
      end,
      ofPace: period === "day" ? "of today" : "of the last 14 days",
      words: period === "day"
        ? (atMs) => `${words(atMs)} UTC`
        : (atMs) => words(atMs),
    }),
    today: words(nowMs),
    end,
  };
}

function forecastWords(
  { left, limit, forecast, pace, nowMs, end, ofPace, words }: {
    left: number;
    limit: number;
    forecast: number;
    pace: number;
    nowMs: number;
    end: string;
    ofPace: string;
    words: (atMs: number) => string;
  },
): string {
  if (left <= 0) {
    return `It is used up: questions that it is for are refused until it begins anew after ${end}.`;
  }
  if (forecast < 0) {
    return `At the pace ${ofPace} it is used up on ${
      words(nowMs + left / pace)
    }.`.replace(/on (?=\d\d:)/, "at ");
  }
  return `At the pace ${ofPace} about ${formatDollars(forecast)} of ${
    formatDollars(limit)
  } remains ${end.startsWith("midnight") ? "at" : "on"} ${end}.`;
}

function dayWords(isHourly: boolean): (atMs: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    ...isHourly
      ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : { day: "numeric", month: "short" },
  });
  return (atMs) => format.format(atMs);
}
