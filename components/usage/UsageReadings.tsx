import type { ComponentChildren, VNode } from "preact";
import { Spark } from "@/components/charts/Spark.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import {
  changeOf,
  countFigure,
  dollarFigure,
  type Figure,
  formatPercent,
  formatSeconds,
  LEAST_VALUES,
  NOTHING,
  signed,
} from "@/lib/shared/usage/usage_format.ts";
import type {
  UsageFigures,
  UsagePageView,
} from "@/lib/shared/usage/usage_page.ts";
import type { UsageNumbers } from "@/lib/shared/wire.ts";

interface Delta {
  text: string;
  /** Whether it is for the better; null: neither. */
  isGood: boolean | null;
}

interface Reading {
  label: string;
  figure: Figure;
  delta: Delta | null;
  /** A moment's value; null: there is none. */
  point: (numbers: UsageFigures) => number | null;
}

const tokensOf = ({ inputTokens, outputTokens }: UsageFigures) =>
  inputTokens + outputTokens;

/** The figures that matter most, each with how it went and how it has changed. */
export function UsageReadings({ view }: { view: UsagePageView }): VNode | null {
  const { totals, before, moments, choice } = view;
  if (totals === null) return null;
  const isOwn = choice.path === "/usage";
  const readings = readingsOf(totals, before, isOwn);
  return (
    <dl class="readings mt-4">
      {readings.map(({ label, figure, delta, point }) => (
        <div class="reading" key={label}>
          <dt>{label}</dt>
          <dd class="reading-figure">
            {figure.figure}
            {figure.unit !== "" && <small>{figure.unit}</small>}
          </dd>
          <dd class="delta" data-kind={kindOf(delta)}>
            {delta?.text ?? <NoDelta isCompared={view.spanBefore !== null} />}
          </dd>
          <dd class="reading-spark">
            <Spark
              label=""
              points={moments.map(({ numbers }) =>
                numbers === null ? null : point(numbers)
              )}
            />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function NoDelta({ isCompared }: { isCompared: boolean }): ComponentChildren {
  return isCompared ? <span class="faint">nothing before</span> : " ";
}

function kindOf(delta: Delta | null): "good" | "bad" | undefined {
  if (delta === null || delta.isGood === null) return undefined;
  return delta.isGood ? "good" : "bad";
}

function readingsOf(
  totals: UsageNumbers,
  before: UsageNumbers | null,
  isOwn: boolean,
): Reading[] {
  const hadUse = before !== null && before.requests > 0 ? before : null;
  const change = (value: (numbers: UsageFigures) => number): Delta | null => {
    const text = hadUse === null
      ? null
      : changeOf(value(totals), value(hadUse));
    return text === null ? null : { text, isGood: null };
  };
  const count = (
    label: string,
    value: (numbers: UsageFigures) => number,
  ): Reading => ({
    label,
    figure: countFigure(value(totals)),
    delta: change(value),
    point: value,
  });
  return [
    {
      label: "Cost",
      figure: isUnpriced(totals)
        ? { figure: "unpriced", unit: "" }
        : dollarFigure(totals.costMicroUsd),
      delta: change(({ costMicroUsd }) => costMicroUsd),
      point: ({ costMicroUsd }) => costMicroUsd,
    },
    count("Answers", ({ requests }) => requests),
    count("Tokens", tokensOf),
    isOwn ? savedReading(totals, change) : {
      label: "Active people",
      figure: countFigure(totals.activeUsers),
      point: ({ activeUsers }) => activeUsers ?? null,
      delta: hadUse === null
        ? null
        : plainChange(totals.activeUsers - hadUse.activeUsers),
    },
    failedReading(totals, hadUse),
    firstTokenReading(totals, hadUse),
  ];
}

/** Whether nothing of all that was used has a price. */
export function isUnpriced(
  { requests, unpricedRequests }: UsageFigures,
): boolean {
  return requests > 0 && unpricedRequests === requests;
}

function plainChange(difference: number): Delta {
  const text = signed(difference, formatCount(Math.abs(difference)));
  return { text, isGood: null };
}

function savedReading(
  totals: UsageNumbers,
  change: (value: (numbers: UsageFigures) => number) => Delta | null,
): Reading {
  return {
    label: "Saved",
    figure: dollarFigure(totals.savedMicroUsd),
    delta: change(({ savedMicroUsd }) => savedMicroUsd),
    point: ({ savedMicroUsd }) => savedMicroUsd,
  };
}

function failedReading(
  totals: UsageNumbers,
  before: UsageNumbers | null,
): Reading {
  const ratio = ({ errors, requests }: UsageFigures) =>
    requests === 0 ? 0 : errors / requests;
  const points = before === null ? 0 : (ratio(totals) - ratio(before)) * 100;
  const text = signed(
    Math.round(points * 100),
    `${Math.abs(points).toFixed(2)} pt`,
  );
  return {
    label: "Failed",
    figure: {
      figure: formatPercent(totals.errors, totals.requests),
      unit: totals.requests === 0 ? "" : "%",
    },
    delta: before === null ? null : { text, isGood: isLess(points, 0.005) },
    point: ratio,
  };
}

function firstTokenReading(
  totals: UsageNumbers,
  before: UsageNumbers | null,
): Reading {
  const p95 = (numbers: UsageFigures) =>
    numbers.ttftMs.n < LEAST_VALUES ? null : numbers.ttftMs.p95;
  const now = p95(totals);
  const then = before === null ? null : p95(before);
  const difference = now === null || then === null ? null : now - then;
  return {
    label: "First token, p95",
    figure: now === null
      ? { figure: NOTHING, unit: "" }
      : { figure: formatSeconds(now), unit: "s" },
    delta: difference === null ? null : {
      text: signed(
        Math.round(difference / 10),
        `${
          formatSeconds(Math.abs(difference) < 5 ? 0 : Math.abs(difference))
        } s`,
      ),
      isGood: isLess(difference, 5),
    },
    point: p95,
  };
}

/** Whether it is less than before; null: it is the same, as far as it is shown. */
function isLess(difference: number, least: number): boolean | null {
  return Math.abs(difference) < least ? null : difference < 0;
}
