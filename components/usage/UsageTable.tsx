import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import {
  drillHref,
  USAGE_SORTS,
  usageHref,
  type UsageSort,
} from "@/lib/shared/usage/usage_choice.ts";
import {
  formatDollars,
  formatPercent,
  formatSeconds,
  LEAST_VALUES,
  NOTHING,
  shortCount,
} from "@/lib/shared/usage/usage_format.ts";
import type {
  UsageFigures,
  UsagePageView,
} from "@/lib/shared/usage/usage_page.ts";
import {
  countWords,
  manyTitle,
  SORT_WORDS,
  titleOf,
} from "@/lib/shared/usage/usage_words.ts";
import { isUnpriced } from "./UsageReadings.tsx";

/** All that usage is told apart by, a page at a time, in an order of the viewer's choice. */
export function UsageTable(
  { view, rows }: {
    view: UsagePageView;
    /** Of a page. */
    rows: number;
  },
): VNode | null {
  const { groups, choice } = view;
  if (groups === null || choice.all === null) return null;
  const title = `All ${manyTitle(choice.groupBy).toLowerCase()}`;
  const pages = Math.max(1, Math.ceil(groups.count / rows));
  return (
    <section class="section" id="all" aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        <span class="unit">
          {countWords(choice.groupBy, groups.count)}
          {pages > 1 && `, page ${choice.all} of ${pages}`}
        </span>
        <a class="push unit" href={usageHref(choice, { all: null })}>Close</a>
      </div>
      <div class="table-wrap" tabIndex={0} role="region" aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{titleOf(choice.groupBy)}</th>
              {USAGE_SORTS.map((sort) => (
                <SortHead key={sort} view={view} sort={sort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.parts.map(({ key, label, numbers }) => (
              <tr key={key}>
                <th scope="row">
                  <a href={drillHref(choice, choice.groupBy, key)}>{label}</a>
                </th>
                {USAGE_SORTS.map((sort) => (
                  <td class="num" key={sort}>{cellOf(sort, numbers)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav class="pager" aria-label={`Pages of ${title.toLowerCase()}`}>
          {choice.all > 1 && (
            <a
              class="btn btn-small"
              href={`${usageHref(choice, { all: choice.all - 1 })}#all`}
            >
              Before
            </a>
          )}
          {choice.all < pages && (
            <a
              class="btn btn-small"
              href={`${usageHref(choice, { all: choice.all + 1 })}#all`}
            >
              Next
            </a>
          )}
        </nav>
      )}
    </section>
  );
}

function SortHead(
  { view: { choice, measure }, sort }: { view: UsagePageView; sort: UsageSort },
): VNode {
  const isSorted = (choice.sort ?? measure) === sort;
  return (
    <th
      scope="col"
      class="num"
      aria-sort={isSorted ? "descending" : undefined}
    >
      <a class="sort" href={`${usageHref(choice, { sort, all: 1 })}#all`}>
        {SORT_WORDS[sort]}
        {isSorted && <Icon name="down" small />}
      </a>
    </th>
  );
}

function cellOf(sort: UsageSort, numbers: UsageFigures): string {
  switch (sort) {
    case "cost":
      return isUnpriced(numbers)
        ? "unpriced"
        : formatDollars(numbers.costMicroUsd);
    case "requests":
      return formatCount(numbers.requests);
    case "tokens":
      return shortCount(numbers.inputTokens + numbers.outputTokens);
    case "errors":
      return numbers.errors === 0
        ? "0"
        : `${formatCount(numbers.errors)} (${
          formatPercent(numbers.errors, numbers.requests)
        } %)`;
    case "first": {
      const { n, p95 } = numbers.ttftMs;
      return n < LEAST_VALUES || p95 === null
        ? NOTHING
        : `${formatSeconds(p95)} s`;
    }
  }
}
