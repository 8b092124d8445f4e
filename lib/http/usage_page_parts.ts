/** The parts of usage on a page: bars of the chart, rows of tables. */
import { type Hue, HUES, huesOf } from "@/lib/shared/chart_parts.ts";
import type {
  UsageChoice,
  UsageGroup,
  UsageMeasure,
  UsageSort,
} from "@/lib/shared/usage/usage_choice.ts";
import { LEAST_VALUES } from "@/lib/shared/usage/usage_format.ts";
import {
  measured,
  type UsageBar,
  type UsagePart,
} from "@/lib/shared/usage/usage_page.ts";
import { countWords, GROUP_WORDS } from "@/lib/shared/usage/usage_words.ts";
import { OTHER, type UsageReport } from "@/lib/usage/usage_query.ts";
import type { Places } from "./usage_page_places.ts";
import { OWN_SERIES } from "./usage_page_reads.ts";
import type { LabelOf } from "./usage_view.ts";

/** Rows of a page of the table of all groups. */
export const TABLE_ROWS = 50;

/** Which of all groups the page has: those of the table in its order, or those of the chart. */
export function rowsOf(
  { groups }: UsageReport,
  { all, sort }: UsageChoice,
  measure: UsageMeasure,
): UsageReport["groups"] {
  if (all === null) return groups.slice(0, OWN_SERIES);
  const value = sortValue(sort ?? measure);
  return groups.toSorted((left, right) => value(right) - value(left))
    .slice((all - 1) * TABLE_ROWS, all * TABLE_ROWS);
}

/** What a column is sorted by; what it says nothing of comes last. */
function sortValue(
  sort: UsageSort,
): (numbers: UsageReport["groups"][number]) => number {
  switch (sort) {
    case "errors":
      return ({ errors }) => errors;
    case "first":
      return ({ ttftMs: { n, p95 } }) =>
        n < LEAST_VALUES || p95 === null ? -1 : p95;
    default:
      return (numbers) => measured(numbers, sort);
  }
}

export function partsOf(
  groups: UsageReport["groups"],
  labelOf: LabelOf,
  before: UsageReport | null,
): UsagePart[] {
  const earlier = new Map(before?.groups.map((each) => [each.key, each]));
  return groups.map((numbers) => ({
    key: numbers.key,
    label: labelOf(numbers.key) ?? numbers.key,
    numbers,
    before: earlier.get(numbers.key) ?? null,
  }));
}

/** The bars of the chart: the groups with most of the measure, and the others together. */
export function barsOf(
  { series }: UsageReport,
  parts: readonly UsagePart[],
  { places, placeOf }: Places,
  measure: UsageMeasure,
  group: UsageGroup,
): UsageBar[] {
  const own = parts.slice(0, parts.length > HUES ? HUES - 1 : HUES);
  const hues = huesOf(own.map(({ key }) => key));
  const rows = new Map<string, (number | null)[]>();
  const used = new Set<number>();
  for (const { startMs, key, ...numbers } of series) {
    const place = placeOf.get(startMs);
    if (place === undefined) continue;
    used.add(place);
    // A group may be called as the others are; those of the report have their own rows.
    const name = key !== null && hues.has(key) ? `=${key}` : OTHER;
    let row = rows.get(name);
    if (row === undefined) {
      rows.set(name, row = places.map(() => null));
    }
    row[place] = (row[place] ?? 0) + measured(numbers, measure);
  }
  const valuesOf = (name: string) =>
    places.map((_, place) =>
      used.has(place) ? rows.get(name)?.[place] ?? 0 : null
    );
  const bars: UsageBar[] = own.map((part) => ({
    part,
    label: part.label,
    hue: hues.get(part.key) ?? "other" as Hue,
    values: valuesOf(`=${part.key}`),
    total: measured(part.numbers, measure),
    isUnpriced: areUnpriced([part]),
  }));
  const others = parts.slice(own.length);
  if (others.length === 0) return bars;
  return [...bars, {
    part: null,
    label: countWords(group, others.length).replace(
      GROUP_WORDS[group].many,
      "others",
    ),
    hue: "other",
    values: valuesOf(OTHER),
    total: others.reduce(
      (sum, { numbers }) => sum + measured(numbers, measure),
      0,
    ),
    isUnpriced: areUnpriced(others),
  }];
}

/** Whether of all that was asked nothing has a price. */
function areUnpriced(parts: readonly UsagePart[]): boolean {
  const [requests, unpriced] = parts.reduce(
    ([all, without], { numbers }) => [
      all + numbers.requests,
      without + numbers.unpricedRequests,
    ],
    [0, 0],
  );
  return requests > 0 && unpriced === requests;
}
