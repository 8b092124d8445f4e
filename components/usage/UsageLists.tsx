import type { VNode } from "preact";
import { formatCount } from "@/lib/shared/format.ts";
import {
  drillHref,
  type UsageGroup,
  usageHref,
  type UsageMeasure,
} from "@/lib/shared/usage/usage_choice.ts";
import {
  measured,
  type UsagePageView,
  type UsageParts,
} from "@/lib/shared/usage/usage_page.ts";
import {
  countWords,
  manyTitle,
  MEASURE_WORDS,
  titleOf,
} from "@/lib/shared/usage/usage_words.ts";
import { Missing } from "./Missing.tsx";
import { formatMeasure } from "./UsageCost.tsx";
import { isUnpriced } from "./UsageReadings.tsx";

/** Who and what used most, by each dimension, each a way into it. */
export function UsageLists({ view }: { view: UsagePageView }): VNode {
  const lists = view.lists.filter(({ parts }) =>
    parts === null || parts.count > 0
  );
  return (
    <div class="section split usage-lists">
      {lists.map(({ group, parts }) =>
        parts === null
          ? (
            <Missing
              key={group}
              what={`Top ${manyTitle(group).toLowerCase()}`}
            />
          )
          : <UsageList key={group} view={view} group={group} of={parts} />
      )}
    </div>
  );
}

/** The second column: what the first does not count. */
function secondMeasure(measure: UsageMeasure): UsageMeasure {
  return measure === "requests" ? "tokens" : "requests";
}

function UsageList(
  { view, group, of }: {
    view: UsagePageView;
    group: UsageGroup;
    of: UsageParts;
  },
): VNode {
  const { choice, measure } = view;
  const title = `Top ${manyTitle(group).toLowerCase()}`;
  const second = secondMeasure(measure);
  const most = Math.max(
    ...of.parts.map(({ numbers }) => measured(numbers, measure)),
  ) || 1;
  const allHref = `${usageHref(choice, { groupBy: group, all: 1 })}#all`;
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        {of.count > of.parts.length && (
          <a class="push unit" href={allHref}>
            All {countWords(group, of.count)}
          </a>
        )}
      </div>
      <table class="table top-table">
        <thead>
          <tr>
            <th scope="col">{titleOf(group)}</th>
            <th scope="col" class="bar-col">
              <span class="sr">Share</span>
            </th>
            <th scope="col" class="num">{MEASURE_WORDS[measure]}</th>
            <th scope="col" class="num">{MEASURE_WORDS[second]}</th>
          </tr>
        </thead>
        <tbody>
          {of.parts.map(({ key, label, numbers }) => {
            const value = measured(numbers, measure);
            const share = Math.round(value / most * 1_000) / 10;
            return (
              <tr key={key}>
                <th scope="row">
                  <a class="cut" href={drillHref(choice, group, key)}>
                    {label}
                  </a>
                </th>
                <td>
                  <svg class="table-bar" aria-hidden="true">
                    <rect width={`${share}%`} height="8" />
                  </svg>
                </td>
                <td class="num">
                  {measure === "cost" && isUnpriced(numbers)
                    ? "unpriced"
                    : formatMeasure(measure, value)}
                </td>
                <td class="num">
                  {second === "tokens"
                    ? formatMeasure("tokens", measured(numbers, "tokens"))
                    : formatCount(numbers.requests)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
