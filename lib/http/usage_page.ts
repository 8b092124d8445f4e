/** Loads a page of usage: one's own, or that of the workspace. */
import {
  type ChartPlace,
  type Hue,
  HUES,
  huesOf,
} from "@/lib/shared/chart_parts.ts";
import {
  type UsageChoice,
  type UsageGroup,
  type UsageMeasure,
  type UsageSort,
} from "@/lib/shared/usage/usage_choice.ts";
import { LEAST_VALUES } from "@/lib/shared/usage/usage_format.ts";
import {
  measured,
  type UsageBar,
  type UsageMoment,
  type UsagePageView,
  type UsagePart,
} from "@/lib/shared/usage/usage_page.ts";
import {
  countWords,
  GROUP_WORDS,
  valueWords,
} from "@/lib/shared/usage/usage_words.ts";
import type { UsageNumbers } from "@/lib/shared/wire.ts";
import {
  OTHER,
  type UsageQuestion,
  type UsageReport,
} from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { loadLabels } from "./usage_labels.ts";
import { heldValue, heldValues } from "./usage_page_choice.ts";
import { type Places, placesOf, spanWords } from "./usage_page_places.ts";
import { OWN_SERIES, readUsage, type UsageReads } from "./usage_page_reads.ts";
import { type PageSpan, spanOf } from "./usage_page_span.ts";
import type { LabelOf } from "./usage_view.ts";

/** Rows of a list beside the chart. */
const LISTED = 6;
/** Rows of a page of the table of all groups. */
export const TABLE_ROWS = 50;
/** Buckets of the chart of percentiles. */
const MOST_MOMENTS = 90;

export async function loadUsagePage(
  state: State,
  choice: UsageChoice,
  signal: AbortSignal,
): Promise<UsagePageView> {
  const nowMs = state.services.store.clock.now();
  const span = spanOf(choice, nowMs);
  const reads = await readUsage(state, { choice, span, nowMs, signal });
  const { grouped, whole, before } = reads;
  const totals = whole?.totals ?? grouped?.totals ?? null;
  const measure = choice.measure ?? measureOf(totals);
  const rows = grouped === null ? [] : rowsOf(grouped, choice, measure);
  const labels = await loadAllLabels(state, choice, reads, rows);
  const places = pagePlaces(choice, span, reads);
  const ofGroup = labels(choice.groupBy);
  const partsFor = (groups: UsageReport["groups"]) =>
    partsOf(groups, ofGroup, before);
  const bars = grouped === null ? null : barsOf(
    grouped,
    partsFor(grouped.groups),
    places,
    measure,
    choice.groupBy,
  );
  return {
    choice,
    measure,
    ...spanTexts(choice, span, reads, places),
    unit: places.unit,
    timeZone: places.timeZone,
    totals,
    before: before?.totals ?? null,
    places: places.places,
    bars,
    groups: grouped === null ? null : {
      group: choice.groupBy,
      parts: partsFor(rows),
      count: grouped.groups.length,
    },
    chips: Object.entries(choice.filters).flatMap(([name, values]) => {
      const group = name as UsageGroup;
      return values.map((value) => ({
        group,
        value,
        label: labels(group)(heldValue(group, value)) ?? value,
      }));
    }),
    moments: momentsOf(whole, places),
    lists: reads.lists.map(({ group, report }) => ({
      group,
      parts: report === null ? null : {
        group,
        parts: partsOf(
          report.groups.slice(0, LISTED),
          labels(group),
          null,
        ),
        count: report.groups.length,
      },
    })),
    burnDown: reads.burnDown,
    limits: reads.limits,
    missing: reads.missing,
    csvHref: csvHref(state, choice, span),
    pricesHref: state.caller.isOperator ? "/admin/prices" : null,
    nowMs,
  };
}

/** Which of all groups the page has: those of the table in its order, or those of the chart. */
function rowsOf(
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

function measureOf(totals: UsageNumbers | null): UsageMeasure {
  return totals !== null && totals.costMicroUsd > 0 ? "cost" : "requests";
}

/** The places of what was read; what came before the first use ever is left out of "all". */
function pagePlaces(
  { range, timeZone }: UsageChoice,
  span: PageSpan,
  { grouped, whole }: UsageReads,
): Places {
  const report = whole ?? grouped ?? { ...span, timeZone };
  const first = "series" in report ? report.series[0]?.startMs ?? null : null;
  const isTrimmed = range === "all" && first !== null;
  return placesOf(report, isTrimmed ? first : null);
}

function spanTexts(
  { range, timeZone }: UsageChoice,
  span: PageSpan,
  { whole, grouped }: UsageReads,
  places: Places,
): Pick<UsagePageView, "span" | "longSpan" | "spanBefore"> {
  const isHourly = range === "24h";
  const { fromMs, toMs } = whole ?? grouped ?? span;
  const shown = {
    fromMs: range === "all" ? places.starts[0] ?? fromMs : fromMs,
    toMs,
    timeZone: places.timeZone,
  };
  return {
    span: spanWords(shown, { isHourly }),
    longSpan: spanWords(shown, { isHourly, isLong: true }),
    spanBefore: span.before === null
      ? null
      : spanWords({ ...span.before, timeZone }, { isHourly }),
  };
}

type Labels = (group: UsageGroup) => LabelOf;

/** The names of everything that the page shows. */
async function loadAllLabels(
  { services, caller }: State,
  choice: UsageChoice,
  { grouped, lists }: UsageReads,
  rows: UsageReport["groups"],
): Promise<Labels> {
  const wanted = new Map<UsageGroup, Set<string>>();
  const want = (group: UsageGroup, keys: Iterable<string>) => {
    const set = wanted.get(group) ?? new Set();
    for (const key of keys) set.add(key);
    wanted.set(group, set);
  };
  const keysOf = (report: UsageReport | null) =>
    report?.groups.map(({ key }) => key) ?? [];
  want(choice.groupBy, keysOf(grouped).slice(0, OWN_SERIES));
  want(choice.groupBy, rows.map(({ key }) => key));
  for (const { group, report } of lists) {
    want(group, keysOf(report).slice(0, LISTED));
  }
  for (const [group, values] of Object.entries(heldValues(choice.filters))) {
    want(group as UsageGroup, values);
  }
  const found = new Map<UsageGroup, LabelOf>();
  await Promise.all([...wanted].map(async ([group, keys]) => {
    const labelOf = await loadLabels(
      services,
      caller.workspace,
      group,
      [...keys],
    );
    found.set(group, labelOf);
  }));
  return (group) => (key) =>
    valueWords(group, key) ?? found.get(group)?.(key) ?? null;
}

function partsOf(
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
function barsOf(
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
  }];
}

/** All usage by hours or days, the newest ones. */
function momentsOf(
  whole: UsageReport | null,
  { starts, buckets }: Places,
): UsageMoment[] {
  if (whole === null) return [];
  const numbers = new Map(whole.series.map((each) => [each.startMs, each]));
  const all = starts.map((startMs, index) => ({
    place: buckets[index] as ChartPlace,
    numbers: numbers.get(startMs) ?? null,
  }));
  return all.slice(-MOST_MOMENTS);
}

/** The file of exactly what the page shows, by its buckets and groups. */
function csvHref(
  { caller }: State,
  { path, groupBy, timeZone, filters }: UsageChoice,
  { fromMs, toMs, bucket }: PageSpan,
): string {
  const query = new URLSearchParams({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    bucket,
    timeZone,
    groupBy: groupBy satisfies UsageQuestion["groupBy"],
  });
  for (const [name, values] of Object.entries(filters)) {
    for (const value of values) query.append(name, value);
  }
  if (path === "/usage") query.append("user", caller.user);
  return `/api/usage.csv?${query}`;
}
