/** What groups have used: in all, which tells whose series are shown, and then by bucket. */
import type {
  GroupsOf,
  ScannedCell,
  UsageDimension,
  UsageScan,
  VisitOptions,
} from "./usage_scan.ts";
import { Tally, type UsageSummary } from "./usage_tally.ts";

/** The group of those that have no series of their own. */
export const OTHER = "other";

export interface GroupingParts {
  groupBy: UsageDimension;
  groupsOf: GroupsOf;
  /** What was used in each bucket by all together. */
  buckets: readonly (Tally | null)[];
  hasTimes: boolean;
}

export interface GroupingWish {
  /** So many groups have a series of their own. */
  series: number;
  rankBy?: "requests" | "cost" | "tokens";
}

export interface Grouped {
  /** Those with most of what they are ranked by first. */
  groups: (UsageSummary & { key: string })[];
  /** Of each bucket, those of which there is something in it. */
  series: (UsageSummary & { key: string })[][];
}

interface Group {
  key: string;
  tally: Tally;
  /** Where its series is among those of the report; null: among the others. */
  series: number | null;
}

export class UsageGrouping {
  readonly #parts: GroupingParts;
  readonly #wish: GroupingWish;
  readonly #groups = new Map<string, Group>();

  constructor(parts: GroupingParts, wish: GroupingWish) {
    this.#parts = parts;
    this.#wish = wish;
  }

  /** @param scan has been read */
  async read(scan: UsageScan): Promise<Grouped> {
    const { hasTimes } = this.#parts;
    await this.#visit(scan, { inAll: true }, ({ tally }, cell) => {
      cell.reader.load();
      tally.add(cell.reader, cell.weight, hasTimes);
    });
    const ranked = this.#ranked();
    for (const [place, group] of ranked.entries()) {
      if (place < this.#wish.series) group.series = place;
    }
    const rows = await this.#series(scan, ranked);
    const named = (tally: Tally, key: string) => ({ key, ...tally.summary });
    return {
      groups: ranked.map(({ key, tally }) => named(tally, key)),
      series: rows.map((row) =>
        row.flatMap((tally, place) =>
          tally === undefined || tally.requests === 0
            ? []
            : [named(tally, ranked[place]?.key ?? OTHER)]
        )
      ),
    };
  }

  /** Tallies by bucket and place; those of all others are in the last place, which no ranked group has. */
  async #series(
    scan: UsageScan,
    ranked: readonly Group[],
  ): Promise<(Tally | undefined)[][]> {
    const { buckets, hasTimes, groupBy } = this.#parts;
    const rows = buckets.map((): (Tally | undefined)[] => []);
    const others = ranked.length;
    const hasOthers = ranked.length > this.#wish.series;
    // Who is in several groups or none would be taken away wrongly.
    const isCounted = groupBy === "group";
    const only = isCounted ? undefined : ranked
      .filter(({ series }) => series !== null)
      .map(({ key }) => key);
    await this.#visit(scan, { only }, ({ series }, { reader, targets }) => {
      if (series === null && !hasOthers) return;
      reader.load();
      for (const { bucket, sign } of targets) {
        const tally = rows[bucket][series ?? others] ??= new Tally();
        tally.add(reader, sign, hasTimes);
      }
    });
    if (!hasOthers || isCounted) return rows;
    // What the others have used is what is left of all without the first ones.
    for (const [bucket, row] of rows.entries()) {
      const rest = buckets[bucket]?.copy(hasTimes);
      if (rest === undefined) continue;
      for (const tally of row) if (tally !== undefined) rest.subtract(tally);
      row[others] = rest;
    }
    return rows;
  }

  async #visit(
    scan: UsageScan,
    options: Omit<VisitOptions, "by">,
    take: (group: Group, cell: ScannedCell) => void,
  ): Promise<void> {
    const { groupBy, groupsOf } = this.#parts;
    await scan.visit({ by: groupBy, ...options }, (reader) => {
      const known: Group[][] = [];
      const groupsAt = (place: number) => {
        const text = reader.text(place);
        const keys = groupBy === "group" ? groupsOf(text) : [text];
        return keys.map((key) => this.#group(key));
      };
      return (cell) => {
        const own = known[cell.place] ??= groupsAt(cell.place);
        for (const group of own) take(group, cell);
      };
    });
  }

  #group(key: string): Group {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { key, tally: new Tally(), series: null };
      this.#groups.set(key, group);
    }
    return group;
  }

  /** Groups that have used something, which those are not whose hours were taken away again. */
  #ranked(): Group[] {
    const { rankBy } = this.#wish;
    return [...this.#groups.values()]
      .filter(({ tally }) => tally.requests !== 0)
      .sort((left, right) =>
        rankOf(right, rankBy) - rankOf(left, rankBy) ||
        rankOf(right) - rankOf(left) ||
        (left.key < right.key ? -1 : 1)
      );
  }
}

function rankOf(
  { tally }: Group,
  by: GroupingWish["rankBy"] = "requests",
): number {
  if (by === "cost") return tally.counter("costMicroUsd");
  return by === "tokens"
    ? tally.counter("inputTokens") + tally.counter("outputTokens")
    : tally.requests;
}
