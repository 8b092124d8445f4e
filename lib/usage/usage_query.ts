/** What was used in a span of time, out of the sums alone: no row of the ledger is read. */
import { DIMENSIONS } from "./rollup_cell.ts";
import { ActivePeople } from "./usage_active.ts";
import { SharedAnswers } from "./shared_answers.ts";
import { type Bucket, bucketStarts } from "./usage_buckets.ts";
import { cover, isDaysOnly, snap } from "./usage_cover.ts";
import {
  type GroupsOf,
  type ScannedCell,
  type UsageDimension,
  type UsageFilters,
  UsageScan,
} from "./usage_scan.ts";
import type { UsageStore } from "./usage_store.ts";
import { Tally, type UsageSummary } from "./usage_tally.ts";

export type { UsageDimension, UsageFilters } from "./usage_scan.ts";

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
  filters: UsageFilters;
  /** So many groups have a series of their own; the others share one. */
  series: number;
  /** Which groups are first; those with the most requests unless told. */
  rankBy?: "requests" | "cost" | "tokens";
  /**
   * Whether groups have percentiles, too; totals do. Unless told they do. Without, groups that are as
   * many as people cost a fraction.
   */
  times?: "all" | "totals";
}

export interface UsageParts {
  store: UsageStore;
  /** Groups that people of a workspace are in now. */
  groupsOf: (workspace: string, signal: AbortSignal) => Promise<GroupsOf>;
}

/** What was used, and by how many. */
export interface UsageTotals extends UsageSummary {
  /** People who asked for something, each once. */
  activeUsers: number;
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
  groups: (UsageSummary & { key: string })[];
  /** One for each bucket and group in which there was something. */
  series: (UsageSummary & {
    startMs: number;
    key: string | null;
    /** Where nothing is grouped. */
    activeUsers?: number;
  })[];
  asOfMs: number;
}

interface Group {
  key: string;
  tally: Tally;
  /** Where its series is among those of the report. */
  series: number;
}

/** How long an answer serves those who ask the same, in milliseconds. */
const SHARED_MS = 500;

export class UsageQuery {
  readonly #parts: UsageParts;
  readonly #shared: SharedAnswers<UsageReport>;

  constructor(parts: UsageParts) {
    this.#parts = parts;
    this.#shared = new SharedAnswers(parts.store.clock, SHARED_MS);
  }

  /**
   * Reads what was used. A span that begins before hours are kept is told in days of UTC. Who asks the
   * same at the same time gets the same report, which is not to be changed.
   * @throws {StorageError} when the store does not answer
   * @throws the signal's reason when it aborts
   */
  async ask(
    workspace: string,
    question: UsageQuestion,
    signal: AbortSignal,
  ): Promise<UsageReport> {
    const nowMs = this.#parts.store.clock.now();
    const { fromMs, toMs } = snap(question, nowMs);
    // Of what is long ago there are days of UTC alone.
    const asked: UsageQuestion = {
      ...question,
      fromMs,
      toMs,
      ...isDaysOnly(fromMs, nowMs) ? { bucket: "day", timeZone: "UTC" } : {},
    };
    return await this.#shared.get(
      JSON.stringify([workspace, asked]),
      (signal) => this.#answer(workspace, asked, nowMs, signal),
      signal,
    );
  }

  async #answer(
    workspace: string,
    question: UsageQuestion,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<UsageReport> {
    const { store, groupsOf } = this.#parts;
    const { fromMs, toMs, bucket, timeZone, groupBy, filters } = question;
    const needsGroups = groupBy === "group" || filters.group !== undefined;
    const starts = bucketStarts(fromMs, toMs, bucket, timeZone);
    const parts = {
      store,
      workspace,
      cover: cover(starts, toMs, nowMs),
      filters,
      groupsOf: needsGroups
        ? await groupsOf(workspace, signal)
        : (): readonly string[] => [],
    };
    const times = groupBy === null || question.times !== "totals";
    const main = new UsageScan(parts, { by: groupBy, times, buckets: true });
    const whole = times
      ? main
      : new UsageScan(parts, { by: null, times: true, buckets: false });
    const people = main.knows("user") ? main : new UsageScan(parts, {
      by: "user",
      times: false,
      buckets: groupBy === null,
    });
    await Promise.all(
      Array.from(new Set([main, whole, people]), (scan) => scan.read(signal)),
    );
    const active = await countPeople(people, starts.length);
    const total = new Tally();
    await whole.visit(null, () => ({ reader, weight }) => {
      if (weight !== 0) total.add(reader, weight, true);
    });
    const { groups, series } = groupBy === null
      ? { groups: [], series: await seriesOfAll(main, starts, active) }
      : await grouped(main, groupBy, parts.groupsOf, starts, question);
    return {
      fromMs,
      toMs,
      bucket,
      timeZone,
      totals: { ...total.summary, activeUsers: active.inAll },
      groups,
      series,
      asOfMs: nowMs,
    };
  }
}

async function countPeople(
  scan: UsageScan,
  buckets: number,
): Promise<ActivePeople> {
  const active = new ActivePeople(buckets);
  await scan.visit("user", (texts) => {
    const known: (Float64Array | null)[] = [];
    return (cell) => {
      const { place, reader } = cell;
      const own = known[place] ??= active.of(texts[place]);
      if (own !== null) active.add(own, reader.counters[0], cell);
    };
  });
  return active;
}

async function seriesOfAll(
  scan: UsageScan,
  starts: readonly number[],
  active: ActivePeople,
): Promise<UsageReport["series"]> {
  const tallies = starts.map((): Tally | null => null);
  await scan.visit(null, () => ({ reader, targets }) => {
    for (const { bucket, sign } of targets) {
      (tallies[bucket] ??= new Tally()).add(reader, sign, true);
    }
  });
  return starts.flatMap((startMs, bucket) => {
    const tally = tallies[bucket];
    return tally === null || tally.requests === 0 ? [] : [{
      startMs,
      key: null,
      ...tally.summary,
      activeUsers: active.inBucket(bucket),
    }];
  });
}

/** What groups have used, first in all, which tells whose series are shown, and then by bucket. */
async function grouped(
  scan: UsageScan,
  groupBy: UsageDimension,
  groupsOf: GroupsOf,
  starts: readonly number[],
  { series: most, rankBy, times }: UsageQuestion,
): Promise<Pick<UsageReport, "groups" | "series">> {
  const hasTimes = times !== "totals";
  const byKey = new Map<string, Group>();
  const groupOf = (key: string): Group => {
    let group = byKey.get(key);
    if (group === undefined) {
      byKey.set(key, group = { key, tally: new Tally(), series: most });
    }
    return group;
  };
  const valuesOf = (text: string): readonly string[] =>
    groupBy === "group" ? groupsOf(text) : [text];
  const visitor = (
    take: (group: Group, cell: ScannedCell) => void,
  ) =>
  (texts: readonly string[]) => {
    const known: Group[][] = [];
    return (cell: ScannedCell) => {
      const groups = known[cell.place] ??= valuesOf(texts[cell.place])
        .map(groupOf);
      for (const group of groups) take(group, cell);
    };
  };
  await scan.visit(
    groupBy,
    visitor(({ tally }, { reader, weight }) => {
      if (weight !== 0) tally.add(reader, weight, hasTimes);
    }),
  );
  const ranked = [...byKey.values()]
    .filter(({ tally }) => tally.requests !== 0)
    .sort((left, right) =>
      rankOf(right, rankBy) - rankOf(left, rankBy) ||
      rankOf(right) - rankOf(left) ||
      (left.key < right.key ? -1 : 1)
    );
  for (const [place, group] of ranked.slice(0, most).entries()) {
    group.series = place;
  }
  const rows = starts.map((): (Tally | undefined)[] => []);
  await scan.visit(
    groupBy,
    visitor(({ series }, { reader, targets }) => {
      for (const { bucket, sign } of targets) {
        const tally = rows[bucket][series] ??= new Tally();
        tally.add(reader, sign, hasTimes);
      }
    }),
  );
  return {
    groups: ranked.map(({ key, tally }) => ({
      key,
      ...tally.summary,
    })),
    series: starts.flatMap((startMs, bucket) =>
      rows[bucket].flatMap((tally, place) =>
        tally === undefined || tally.requests === 0 ? [] : [{
          startMs,
          key: place === most ? OTHER : ranked[place].key,
          ...tally.summary,
        }]
      )
    ),
  };
}

function rankOf(
  { tally }: Group,
  by: UsageQuestion["rankBy"] = "requests",
): number {
  if (by === "cost") return tally.counter("costMicroUsd");
  return by === "tokens"
    ? tally.counter("inputTokens") + tally.counter("outputTokens")
    : tally.requests;
}
