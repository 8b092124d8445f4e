/** What was used in a span of time, out of the sums alone: no row of the ledger is read. */
import {
  addHistogram,
  countOf,
  type Histogram,
  percentile,
} from "./histogram.ts";
import {
  type Cell,
  COUNTERS,
  type Dimension,
  DIMENSIONS,
  emptyCounters,
  emptyMeasures,
  MEASURES,
} from "./rollup_cell.ts";
import { type Bucket, bucketStarts } from "./usage_buckets.ts";
import { cover, isDaysOnly, snap } from "./usage_cover.ts";
import type { SummedPart, UsageStore } from "./usage_store.ts";

/** By what usage is told apart: what a row has, and the groups of its user. */
export type UsageDimension = Dimension | "group";

export const USAGE_DIMENSIONS: readonly UsageDimension[] = [
  ...DIMENSIONS,
  "group",
];

/** What is asked. */
export interface UsageQuestion {
  fromMs: number;
  toMs: number;
  bucket: Bucket;
  timeZone: string;
  groupBy: UsageDimension | null;
  /** Values of which a row has to have one, by dimension. */
  filters: Partial<Record<UsageDimension, readonly string[]>>;
  /** So many groups have a series of their own; the others share one. */
  series: number;
  /** Which groups are first; those with the most requests unless told. */
  rankBy?: "requests" | "cost" | "tokens";
}

export interface UsageParts {
  store: UsageStore;
  /** Groups that people of a workspace are in now. */
  groupsOf: (
    workspace: string,
    signal: AbortSignal,
  ) => Promise<(user: string) => readonly string[]>;
}

/** Percentiles of something, and of how many. */
export interface Percentiles {
  n: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What was used, as a number each. */
export interface UsageTotals {
  requests: number;
  errors: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  unpricedRequests: number;
  estimatedRequests: number;
  cacheHits: number;
  joined: number;
  savedMicroUsd: number;
  /** People who asked for something, each once. */
  activeUsers: number;
  ttftMs: Percentiles;
  tokensPerSecond: Percentiles;
  totalMs: Percentiles;
  overheadMs: Percentiles;
}

/** The group of those that have no series of their own. */
export const OTHER = "other";

export interface UsageReport {
  fromMs: number;
  toMs: number;
  bucket: Bucket;
  timeZone: string;
  totals: UsageTotals;
  /** Those with most of what they are ranked by first. */
  groups: (UsageTotals & { key: string })[];
  /** One for each bucket and group in which there was something. */
  series: (UsageTotals & { startMs: number; key: string | null })[];
  asOfMs: number;
}

/** The part of a report that grows while rows are read. */
class Tally {
  readonly counters = emptyCounters();
  readonly measures = emptyMeasures();
  errors = 0;
  cacheHits = 0;
  joined = 0;
  readonly users = new Set<string>();

  add({ dimensions, counters, measures }: Cell): void {
    for (const name of COUNTERS) this.counters[name] += counters[name];
    for (const name of MEASURES) {
      addHistogram(this.measures[name], measures[name]);
    }
    const { requests } = counters;
    if (isError(dimensions.status)) this.errors += requests;
    if (isHit(dimensions.cache)) this.cacheHits += requests;
    if (dimensions.cache === "joined") this.joined += requests;
    if (dimensions.user !== "") this.users.add(dimensions.user);
  }

  get totals(): UsageTotals {
    const { errors, cacheHits, joined, counters, measures } = this;
    return {
      ...counters,
      errors,
      cacheHits,
      joined,
      activeUsers: this.users.size,
      ttftMs: percentilesOf(measures.ttftMs),
      tokensPerSecond: percentilesOf(measures.tokensPerSecond),
      totalMs: percentilesOf(measures.totalMs),
      overheadMs: percentilesOf(measures.overheadMs),
    };
  }
}

/** Whether an answer ended so is the fault of somebody else than who asked. */
function isError(status: string): boolean {
  return status === "failed" || status === "interrupted";
}

function isHit(cache: string): boolean {
  return cache === "hit-l1" || cache === "hit-l2";
}

function rankOf(
  { counters }: Tally,
  by: UsageQuestion["rankBy"] = "requests",
): number {
  if (by === "cost") return counters.costMicroUsd;
  return by === "tokens"
    ? counters.inputTokens + counters.outputTokens
    : counters.requests;
}

function percentilesOf(histogram: Histogram): Percentiles {
  return {
    n: countOf(histogram),
    p50: percentile(histogram, 0.5),
    p95: percentile(histogram, 0.95),
    p99: percentile(histogram, 0.99),
  };
}

/** The values of a dimension that a cell counts for. */
type ValuesOf = (cell: Cell) => readonly string[];

export class UsageQuery {
  readonly #parts: UsageParts;

  constructor(parts: UsageParts) {
    this.#parts = parts;
  }

  /**
   * Reads what was used. A span that begins before hours are kept is told in days of UTC.
   * @throws {StorageError} when the store does not answer
   */
  async ask(
    workspace: string,
    question: UsageQuestion,
    signal: AbortSignal,
  ): Promise<UsageReport> {
    const { store, groupsOf } = this.#parts;
    const { groupBy, filters, rankBy } = question;
    const nowMs = store.clock.now();
    const { fromMs, toMs } = snap(question, nowMs);
    // Of what is long ago there are days of UTC alone.
    const isOld = isDaysOnly(fromMs, nowMs);
    const bucket = isOld ? "day" : question.bucket;
    const timeZone = isOld ? "UTC" : question.timeZone;
    const needsGroups = groupBy === "group" || filters.group !== undefined;
    const groups = needsGroups ? await groupsOf(workspace, signal) : () => [];
    const valuesOf = (dimension: UsageDimension): ValuesOf =>
      dimension === "group"
        ? ({ dimensions }) => groups(dimensions.user)
        : ({ dimensions }) => [dimensions[dimension]];
    const isWanted = filterOf(filters, valuesOf);
    const starts = bucketStarts(fromMs, toMs, bucket, timeZone);
    const total = new Tally();
    const byGroup = new Map<string, Tally>();
    const byPlace = new Map<string, Map<number, Tally>>();
    const grouping = groupBy === null ? null : valuesOf(groupBy);
    for (const segment of cover(starts, toMs, nowMs)) {
      for await (
        const { startMs, cells } of this.#read(workspace, segment, signal)
      ) {
        const start = startBefore(starts, startMs);
        for (const cell of cells) {
          if (!isWanted(cell)) continue;
          total.add(cell);
          for (const key of grouping?.(cell) ?? [""]) {
            if (grouping !== null) tallyOf(byGroup, key).add(cell);
            let places = byPlace.get(key);
            if (places === undefined) byPlace.set(key, places = new Map());
            tallyOf(places, start).add(cell);
          }
        }
      }
    }
    const ranked = [...byGroup].map(([key, tally]) => ({ key, tally }))
      .sort((left, right) =>
        rankOf(right.tally, rankBy) - rankOf(left.tally, rankBy) ||
        rankOf(right.tally) - rankOf(left.tally) ||
        (left.key < right.key ? -1 : 1)
      );
    const own = new Set(
      ranked.slice(0, question.series).map(({ key }) => key),
    );
    return {
      fromMs,
      toMs,
      bucket,
      timeZone,
      totals: total.totals,
      groups: ranked.map(({ key, tally }) => ({ key, ...tally.totals })),
      series: seriesOf(byPlace, grouping === null ? null : own),
      asOfMs: nowMs,
    };
  }

  #read(
    workspace: string,
    { grain, fromMs, toMs }: ReturnType<typeof cover>[number],
    signal: AbortSignal,
  ): AsyncIterable<SummedPart> {
    const { store } = this.#parts;
    return grain === "minute"
      ? store.minutes(workspace, fromMs, toMs, signal)
      : store.sums(grain, workspace, fromMs, toMs, signal);
  }
}

function filterOf(
  filters: UsageQuestion["filters"],
  valuesOf: (dimension: UsageDimension) => ValuesOf,
): (cell: Cell) => boolean {
  const tests = USAGE_DIMENSIONS.flatMap((dimension) => {
    const wanted = filters[dimension];
    if (wanted === undefined) return [];
    const values = valuesOf(dimension);
    const set = new Set(wanted);
    return [(cell: Cell) => values(cell).some((value) => set.has(value))];
  });
  return (cell) => tests.every((test) => test(cell));
}

function tallyOf<Key>(tallies: Map<Key, Tally>, key: Key): Tally {
  let tally = tallies.get(key);
  if (tally === undefined) tallies.set(key, tally = new Tally());
  return tally;
}

/** The last of some moments that is not after another one. */
function startBefore(starts: readonly number[], atMs: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= atMs) low = middle;
    else high = middle - 1;
  }
  return starts[low];
}

/** @param own groups that have a series of their own; null: nothing is grouped */
function seriesOf(
  byPlace: ReadonlyMap<string, ReadonlyMap<number, Tally>>,
  own: ReadonlySet<string> | null,
): UsageReport["series"] {
  const merged = new Map<string, Map<number, Tally[]>>();
  for (const [key, places] of byPlace) {
    const name = own === null ? "" : own.has(key) ? key : OTHER;
    let row = merged.get(name);
    if (row === undefined) merged.set(name, row = new Map());
    for (const [start, tally] of places) {
      row.set(start, [...row.get(start) ?? [], tally]);
    }
  }
  return [...merged].flatMap(([name, places]) =>
    [...places].map(([startMs, tallies]) => ({
      startMs,
      key: own === null ? null : name,
      ...addUp(tallies).totals,
    }))
  ).sort((left, right) => left.startMs - right.startMs);
}

function addUp(tallies: readonly Tally[]): Tally {
  if (tallies.length === 1) return tallies[0];
  const sum = new Tally();
  for (const tally of tallies) {
    for (const name of COUNTERS) sum.counters[name] += tally.counters[name];
    for (const name of MEASURES) {
      addHistogram(sum.measures[name], tally.measures[name]);
    }
    sum.errors += tally.errors;
    sum.cacheHits += tally.cacheHits;
    sum.joined += tally.joined;
    for (const user of tally.users) sum.users.add(user);
  }
  return sum;
}
