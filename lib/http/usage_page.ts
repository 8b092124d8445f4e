/** Loads a page of usage: one's own, or that of the workspace. */
import type {
  UsageChoice,
  UsageGroup,
  UsageMeasure,
} from "@/lib/shared/usage/usage_choice.ts";
import type {
  UsageMoment,
  UsagePageView,
} from "@/lib/shared/usage/usage_page.ts";
import type { UsageNumbers } from "@/lib/shared/wire.ts";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { heldValue } from "./usage_page_choice.ts";
import { LISTED, loadAllLabels } from "./usage_page_labels.ts";
import { barsOf, partsOf, rowsOf } from "./usage_page_parts.ts";
import { type Places, placesOf, spanWords } from "./usage_page_places.ts";
import { readUsage, type UsageReads } from "./usage_page_reads.ts";
import { requestsOf } from "./usage_page_requests.ts";
import { type PageSpan, spanOf } from "./usage_page_span.ts";

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
    requests: requestsOf(choice, span, nowMs),
    pricesHref: state.caller.isOperator ? "/admin/prices" : null,
    nowMs,
  };
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

/** All usage by hours or days, the newest ones. */
function momentsOf(
  whole: UsageReport | null,
  { starts, buckets }: Places,
): UsageMoment[] {
  if (whole === null) return [];
  const numbers = new Map(whole.series.map((each) => [each.startMs, each]));
  const all = starts.map((startMs, index) => ({
    place: buckets[index],
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
