/** What a page of usage shows, as its address has it. */

/** Spans of time that pages offer. */
export const USAGE_RANGES = [
  "24h",
  "7d",
  "30d",
  "90d",
  "all",
  "custom",
] as const;

export type UsageRange = (typeof USAGE_RANGES)[number];

/** What the large chart counts. */
export const USAGE_MEASURES = ["cost", "requests", "tokens"] as const;

export type UsageMeasure = (typeof USAGE_MEASURES)[number];

/** By what usage can be told apart on pages, in the order of their menus. */
export const USAGE_GROUPS = [
  "model",
  "user",
  "key",
  "provider",
  "source",
  "group",
  "status",
  "cache",
] as const;

export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Columns by which the table of all can be sorted. */
export const USAGE_SORTS = [
  "cost",
  "requests",
  "tokens",
  "errors",
  "first",
] as const;

export type UsageSort = (typeof USAGE_SORTS)[number];

export type UsageFilters = Partial<Record<UsageGroup, readonly string[]>>;

export interface UsageChoice {
  path: "/usage" | "/admin/usage";
  range: UsageRange;
  /** First and last day of a custom range, `2026-11-21`; null: of another one. */
  fromDay: string | null;
  toDay: string | null;
  timeZone: string;
  /** Whether the address names the time zone; otherwise it is the viewer's. */
  isZoneChosen: boolean;
  groupBy: UsageGroup;
  /** Null: whatever there is most to say about. */
  measure: UsageMeasure | null;
  filters: UsageFilters;
  /** Page of the table of all groups, from 1; null: the table is not shown. */
  all: number | null;
  sort: UsageSort | null;
}

/**
 * The address of a page of usage that shows something else. Of the same page it is the query alone: links
 * to the page that is open would all be marked as where one is.
 */
export function usageHref(
  choice: UsageChoice,
  changes: Partial<UsageChoice> = {},
): string {
  const next = { ...choice, ...changes };
  const query = new URLSearchParams();
  query.set("range", next.range);
  if (next.range === "custom") {
    if (next.fromDay !== null) query.set("from", next.fromDay);
    if (next.toDay !== null) query.set("to", next.toDay);
  }
  if (next.groupBy !== "model") query.set("groupBy", next.groupBy);
  if (next.measure !== null) query.set("measure", next.measure);
  for (const [name, values] of Object.entries(next.filters)) {
    for (const value of values) query.append(name, value);
  }
  if (next.all !== null) query.set("all", String(next.all));
  if (next.all !== null && next.sort !== null) query.set("sort", next.sort);
  if (next.isZoneChosen) query.set("timeZone", next.timeZone);
  return `${next.path === choice.path ? "" : next.path}?${query}`;
}

/** The same, about one value of a dimension alone; the value none is `""`. */
export function drillHref(
  choice: UsageChoice,
  group: UsageGroup,
  value: string,
): string {
  const filters = { ...choice.filters, [group]: [value || NONE] };
  return usageHref(choice, {
    filters,
    all: null,
    groupBy: choice.groupBy === group && group !== "model"
      ? "model"
      : choice.groupBy,
  });
}

/** Stands in addresses for the value of what has none, such as the key of a question in the chat. */
export const NONE = "none";

/** The same without one value of a filter. */
export function withoutFilter(
  { filters }: UsageChoice,
  group: UsageGroup,
  value: string,
): UsageFilters {
  const left = (filters[group] ?? []).filter((each) => each !== value);
  const { [group]: _, ...others } = filters;
  return left.length === 0 ? others : { ...others, [group]: left };
}
