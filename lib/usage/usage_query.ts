/** What was used in a span of time, out of the sums alone: no row of the ledger is read. */
import { DIMENSIONS } from "./rollup_cell.ts";
import { ActivePeople } from "./usage_active.ts";
import { SharedAnswers } from "./shared_answers.ts";
import { type Bucket, bucketStarts } from "./usage_buckets.ts";
import { cover, isDaysOnly, snap } from "./usage_cover.ts";
import { UsageGrouping } from "./usage_grouping.ts";
import {
  type GroupsOf,
  type ScanParts,
  type UsageDimension,
  type UsageFilters,
  UsageScan,
} from "./usage_scan.ts";
import type { UsageStore } from "./usage_store.ts";
import { Tally, type UsageSummary } from "./usage_tally.ts";

export { OTHER } from "./usage_grouping.ts";
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

/** How long an answer serves those who ask the same, in milliseconds. */
const SHARED_MS = 500;

export class UsageQuery {
  readonly #parts: UsageParts;
  readonly #shared: SharedAnswers<UsageReport>;
  readonly #people: SharedAnswers<ActivePeople>;

  constructor(parts: UsageParts) {
    this.#parts = parts;
    this.#shared = new SharedAnswers(parts.store.clock, SHARED_MS);
    this.#people = new SharedAnswers(parts.store.clock, SHARED_MS);
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
    const small = new UsageScan(parts, {
      by: null,
      times: true,
      buckets: true,
    });
    const whole = small.isLike(main) ? main : small;
    await Promise.all(
      Array.from(new Set([main, whole]), (scan) => scan.read(signal)),
    );
    const active = main.knows("user")
      ? await countPeople(main, starts.length, groupBy === null)
      : await this.#active(parts, question, starts.length, signal);
    const { total, buckets } = await sumUp(whole, starts.length);
    const grouped = groupBy === null ? null : await new UsageGrouping(
      { groupBy, groupsOf: parts.groupsOf, buckets, hasTimes: times },
      question,
    ).read(main);
    return {
      fromMs,
      toMs,
      bucket,
      timeZone,
      totals: { ...total.summary, activeUsers: active.inAll },
      groups: grouped?.groups ?? [],
      series: starts.flatMap((startMs, place): UsageReport["series"] => {
        if (grouped !== null) {
          return grouped.series[place].map((row) => ({ startMs, ...row }));
        }
        const tally = buckets[place];
        return tally === null || tally.requests === 0 ? [] : [{
          startMs,
          key: null,
          ...tally.summary,
          activeUsers: active.inBucket(place),
        }];
      }),
      asOfMs: nowMs,
    };
  }

  /** People of a span; where they are not told by bucket, once for all questions about it. */
  async #active(
    parts: ScanParts,
    { fromMs, toMs, bucket, timeZone, filters, groupBy }: UsageQuestion,
    buckets: number,
    signal: AbortSignal,
  ): Promise<ActivePeople> {
    const hasBuckets = groupBy === null;
    const by = hasBuckets ? [bucket, timeZone] : [];
    return await this.#people.get(
      JSON.stringify([parts.workspace, fromMs, toMs, filters, ...by]),
      async (signal) => {
        const scan = new UsageScan(parts, {
          by: "user",
          times: false,
          buckets: hasBuckets,
        });
        await scan.read(signal);
        return await countPeople(scan, buckets, hasBuckets);
      },
      signal,
    );
  }
}

async function countPeople(
  scan: UsageScan,
  buckets: number,
  hasBuckets: boolean,
): Promise<ActivePeople> {
  const active = new ActivePeople(buckets);
  await scan.visit({ by: "user", inAll: !hasBuckets }, (reader) => {
    const known: (Float64Array | null)[] = [];
    return (cell) => {
      const own = known[cell.place] ??= active.of(reader.text(cell.place));
      if (own !== null) active.add(own, cell.reader.requests(), cell);
    };
  });
  return active;
}

/** Everything in all, and in each bucket; null: there is nothing. */
async function sumUp(
  scan: UsageScan,
  buckets: number,
): Promise<{ total: Tally; buckets: (Tally | null)[] }> {
  const total = new Tally();
  const tallies = Array.from({ length: buckets }, (): Tally | null => null);
  await scan.visit({ by: null }, () => ({ reader, targets, weight }) => {
    reader.load();
    if (weight !== 0) total.add(reader, weight, true);
    for (const { bucket, sign } of targets) {
      (tallies[bucket] ??= new Tally()).add(reader, sign, true);
    }
  });
  return { total, buckets: tallies };
}
