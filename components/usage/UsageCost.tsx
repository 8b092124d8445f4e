import type { ComponentChildren, VNode } from "preact";
import { StackedBars } from "@/components/charts/StackedBars.tsx";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import {
  drillHref,
  usageHref,
  type UsageMeasure,
} from "@/lib/shared/usage/usage_choice.ts";
import {
  changeOf,
  countFigure,
  formatDollars,
  formatShare,
  NOTHING,
  shortCount,
} from "@/lib/shared/usage/usage_format.ts";
import {
  measured,
  type UsageBar,
  type UsagePageView,
} from "@/lib/shared/usage/usage_page.ts";
import {
  GROUP_WORDS,
  MEASURE_WORDS,
  titleOf,
} from "@/lib/shared/usage/usage_words.ts";
import { Missing } from "./Missing.tsx";

const UNIT_WORDS: Readonly<Record<UsageMeasure, string>> = {
  cost: "US dollars",
  requests: "answers",
  tokens: "tokens, asked and answered",
};

/** A value of what the chart counts, in words. */
export function formatMeasure(measure: UsageMeasure, value: number): string {
  if (measure === "cost") return formatDollars(value);
  return measure === "tokens" ? shortCount(value) : formatCount(value);
}

/** A value on the scale: no more than is needed to read it. */
function formatTick(measure: UsageMeasure, value: number): string {
  if (measure !== "cost") {
    const { figure, unit } = countFigure(value);
    return figure.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") + unit;
  }
  const exact = String(Number((value / 1_000_000).toPrecision(6)));
  const [, decimals = ""] = exact.split(".");
  // Between cents there are steps, too, and none is to be told as another one.
  return decimals.length > 2 && !exact.includes("e")
    ? `$${exact}`
    : formatDollars(value).replace(/\.00$/, "");
}

/** The large chart with its legend: what was used by time, and by whom or what. */
export function UsageCost({ view }: { view: UsagePageView }): VNode {
  const { bars, measure, places, unit, choice } = view;
  const title = `${MEASURE_WORDS[measure]} per ${unit}`;
  if (bars === null) return <Missing what={title} />;
  const one = GROUP_WORDS[choice.groupBy].one;
  return (
    <section class="section split split-wide" aria-label={title}>
      <StackedBars
        title={title}
        unit={
          <>
            {UNIT_WORDS[measure]}, stacked by {one}
            <span class="hide-phone">
              . A dash is {unit === "hour" ? "an" : "a"} {unit} without records
            </span>
          </>
        }
        label={`${title}, stacked by ${one}`}
        places={places}
        rowHead={unit[0].toUpperCase() + unit.slice(1)}
        series={bars.map((bar) =>
          isUnpriced(bar, measure) ? { ...bar, instead: "unpriced" } : bar
        )}
        format={(value) => formatMeasure(measure, value)}
        formatTick={(value) => formatTick(measure, value)}
        isWhole={measure !== "cost"}
      />
      <div>
        <UsageLegend view={view} bars={bars} />
        <UsageNotes view={view} />
      </div>
    </section>
  );
}

function UsageLegend(
  { view, bars }: { view: UsagePageView; bars: readonly UsageBar[] },
): VNode {
  const { choice, measure, before, spanBefore, groups } = view;
  const total = bars.reduce((sum, bar) => sum + bar.total, 0);
  const isTold = spanBefore !== null;
  return (
    <div
      class="table-wrap"
      tabIndex={0}
      role="region"
      aria-label={`${MEASURE_WORDS[measure]} by ${
        GROUP_WORDS[choice.groupBy].one
      }`}
    >
      <table class="table legend-table">
        <thead>
          <tr>
            <th scope="col">{titleOf(choice.groupBy)}</th>
            <th scope="col" class="num">{MEASURE_WORDS[measure]}</th>
            <th scope="col" class="num">Share</th>
            {isTold && <th scope="col" class="num">Change</th>}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.part?.key ?? "others"}>
              <th scope="row">
                <span class="swatch" data-hue={bar.hue} />{" "}
                <LegendLink view={view} bar={bar} />
              </th>
              <td class="num">{valueOf(bar, measure)}</td>
              <td class="num">{formatShare(bar.total, total)}</td>
              {isTold && (
                <td class="num soft">
                  {bar.part === null
                    ? NOTHING
                    : change(bar.total, bar.part.before, measure)}
                </td>
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            <td class="num">{formatMeasure(measure, total)}</td>
            <td class="num">{total === 0 ? NOTHING : "100 %"}</td>
            {isTold && <td class="num">{change(total, before, measure)}</td>}
          </tr>
        </tfoot>
      </table>
      {groups !== null && choice.groupBy === "group" && (
        <p class="hint mt-2">Who is in several groups counts in each.</p>
      )}
    </div>
  );
}

function isUnpriced(bar: UsageBar, measure: UsageMeasure): boolean {
  return measure === "cost" && bar.isUnpriced;
}

function valueOf(bar: UsageBar, measure: UsageMeasure): string {
  return isUnpriced(bar, measure)
    ? "unpriced"
    : formatMeasure(measure, bar.total);
}

function change(
  now: number,
  before: Parameters<typeof measured>[0] | null,
  measure: UsageMeasure,
): string {
  if (before === null) return now > 0 ? "new" : NOTHING;
  return changeOf(now, measured(before, measure)) ?? "new";
}

function LegendLink(
  { view: { choice }, bar }: { view: UsagePageView; bar: UsageBar },
): VNode {
  const href = bar.part === null
    ? `${usageHref(choice, { all: 1 })}#all`
    : drillHref(choice, choice.groupBy, bar.part.key);
  return <a class="cut" href={href} title={bar.label}>{bar.label}</a>;
}

/** What the figures do not say: what was saved, and what has no price. */
function UsageNotes({ view }: { view: UsagePageView }): VNode | null {
  const { totals, pricesHref, requests } = view;
  if (totals === null || totals.requests === 0) return null;
  const notes: ComponentChildren[] = [];
  if (totals.cachedInputTokens > 0) {
    notes.push(
      `${
        formatShare(totals.cachedInputTokens, totals.inputTokens)
      } of input tokens were cached by providers.`,
    );
  }
  const shared = totals.cacheHits + totals.joined;
  if (shared > 0) {
    notes.push(
      `${formatPlural(shared, "answer")} came from the cache or shared a call${
        totals.savedMicroUsd > 0
          ? `, which saved ${formatDollars(totals.savedMicroUsd)}`
          : ""
      }.`,
    );
  }
  if (totals.unpricedRequests > 0) {
    notes.push(
      <>
        {formatPlural(totals.unpricedRequests, "answer")}{" "}
        {totals.unpricedRequests === 1 ? "is" : "are"} unpriced
        {pricesHref === null ? "." : (
          <>
            : <a href={pricesHref}>set prices</a>.
          </>
        )}
      </>,
    );
  }
  if (totals.estimatedRequests > 0) {
    notes.push(
      `Of ${
        formatPlural(totals.estimatedRequests, "answer")
      } the provider told no usage: tokens are estimated.`,
    );
  }
  if (requests !== null && totals.errors > 0) {
    notes.push(
      <>
        {formatPlural(totals.errors, "answer")} failed
        <span class="usage-way">
          : <a href={requests.failed}>see the failed requests</a>
        </span>.
      </>,
    );
  }
  if (requests !== null) {
    notes.push(
      <span class="usage-way">
        Where time went: <a href={requests.slow}>see the slow requests</a>.
      </span>,
    );
  }
  return notes.length === 0 ? null : (
    <p class="usage-notes mt-2">
      {notes.map((note, index) => (
        <span key={index}>
          {index > 0 && " "}
          {note}
        </span>
      ))}
    </p>
  );
}
