/** Reads the smallest sums that can answer something, and goes through their cells. */
import type { UsageGrain } from "@/lib/kv/keys.ts";
import { type Dimension, DIMENSIONS } from "./rollup_cell.ts";
import { CellReader } from "./rollup_codec.ts";
import type { Cover, Target } from "./usage_cover.ts";
import { GRAINS, GRAINS_MS } from "./usage_grains.ts";
import { Turns } from "./turns.ts";
import { type Choice, chooseSlice, wantedPartitions } from "./usage_slices.ts";
import type { UsageStore } from "./usage_store.ts";

/** By what usage is told apart: what a row has, and the groups of its user. */
export type UsageDimension = Dimension | "group";

export type UsageFilters = Partial<Record<UsageDimension, readonly string[]>>;

/** The groups that a user is in. */
export type GroupsOf = (user: string) => readonly string[];

export interface ScanParts {
  store: UsageStore;
  workspace: string;
  cover: Cover;
  filters: UsageFilters;
  groupsOf: GroupsOf;
}

/** What of its cells a scan has to know. */
export interface ScanNeed {
  by: UsageDimension | null;
  times: boolean;
  /** Whether the buckets are told apart; else what only goes from one to another is left out. */
  buckets: boolean;
}

/** Packed cells, and for what they count. */
interface ScannedPart {
  bytes: Uint8Array;
  targets: readonly Target[];
  /** How often they count for the whole span: 0 where they only go from one bucket to another. */
  weight: number;
}

export interface VisitOptions {
  /** Of which dimension the place of a cell is told. */
  by: UsageDimension | null;
  /** Texts of that dimension; cells of others are left out. */
  only?: readonly string[];
  /** Whether what only goes from one bucket to another is left out. */
  inAll?: boolean;
}

/** A cell while it is looked at, with for what it counts. */
export interface ScannedCell extends Omit<ScannedPart, "bytes"> {
  reader: CellReader;
  /** Where the cell's text of the dimension is among the part's; -1: it has none. */
  place: number;
}

export class UsageScan {
  readonly #parts: ScanParts;
  readonly #choice: Choice;
  readonly #hasBuckets: boolean;
  readonly #scanned: ScannedPart[] = [];

  constructor(parts: ScanParts, { by, times, buckets }: ScanNeed) {
    this.#parts = parts;
    this.#hasBuckets = buckets;
    const { filters } = parts;
    const dimensions = new Set<Dimension>();
    for (const each of [by, ...Object.keys(filters)]) {
      if (each !== null) dimensions.add(columnOf(each as UsageDimension));
    }
    this.#choice = chooseSlice({ dimensions, times, filters });
  }

  /** Whether its cells tell a dimension apart. */
  knows(dimension: Dimension): boolean {
    return this.#choice.slice.dimensions.includes(dimension);
  }

  /** Whether another one reads the same sums. */
  isLike(other: UsageScan): boolean {
    return this.#choice.slice === other.#choice.slice;
  }

  /** Reads all that is needed. */
  async read(signal: AbortSignal): Promise<void> {
    const { store, workspace, cover } = this.#parts;
    await Promise.all([
      ...GRAINS.map((grain) => this.#readSums(grain, signal)),
      ...cover.minutes.map(async ({ fromMs, toMs, bucket }) => {
        const minutes = store.packedMinutes(workspace, fromMs, toMs, signal);
        for await (const { bytes } of minutes) {
          this.#scanned.push({
            bytes,
            targets: [{ bucket, sign: 1 }],
            weight: 1,
          });
        }
      }),
    ]);
  }

  async #readSums(grain: UsageGrain, signal: AbortSignal): Promise<void> {
    const { store, workspace: space, cover } = this.#parts;
    const sums = cover.sums[grain];
    const startsMs = [...sums.keys()]
      .filter((startMs) =>
        this.#hasBuckets || weightOf(sums.get(startMs)!) !== 0
      )
      .sort((left, right) => left - right);
    if (startsMs.length === 0) return;
    const isWhole = grain === "quarter";
    const partitions = isWhole ? [0] : wantedPartitions(this.#choice, grain);
    await Promise.all(
      partitions.map((partition) =>
        store.sums.read(
          {
            space,
            grain,
            slice: isWhole ? null : this.#choice.slice,
            partition,
            startsMs,
            lengthMs: GRAINS_MS[grain],
          },
          ({ startMs, bytes }) => {
            const targets = sums.get(startMs) ?? [];
            const weight = weightOf(targets);
            this.#scanned.push({ bytes, targets, weight });
          },
          signal,
        )
      ),
    );
  }

  /**
   * Calls back with each cell that passes the filters, its sums not loaded. The visitor is made anew for
   * each part, whose places it may remember.
   */
  async visit(
    { by, only, inAll = false }: VisitOptions,
    visitor: (reader: CellReader) => (cell: ScannedCell) => void,
  ): Promise<void> {
    const column = by === null ? -1 : DIMENSIONS.indexOf(columnOf(by));
    const turns = new Turns();
    for (const { bytes, targets, weight } of this.#scanned) {
      if (inAll && weight === 0) continue;
      const reader = new CellReader(bytes);
      const chosen = only === undefined ? null : passesOf(reader, only);
      if (chosen?.includes(1) === false) continue;
      const isWanted = this.#sieve(reader);
      const take = visitor(reader);
      const cell: ScannedCell = { reader, targets, weight, place: -1 };
      while (reader.next()) {
        const place = column === -1 ? -1 : reader.places[column];
        if (chosen !== null && chosen[place] !== 1) continue;
        if (!isWanted()) continue;
        cell.place = place;
        take(cell);
      }
      if (turns.isOver) await turns.others();
    }
  }

  /** Tells of a reader's cell whether it passes the filters, each text looked at once. */
  #sieve(reader: CellReader): () => boolean {
    const { filters, groupsOf } = this.#parts;
    const tests = Object.entries(filters).map(([name, wanted]) => {
      const dimension = name as UsageDimension;
      const passes = dimension === "group"
        ? passesInGroup(reader, groupsOf, new Set(wanted))
        : passesOf(reader, wanted);
      return { column: DIMENSIONS.indexOf(columnOf(dimension)), passes };
    });
    return () =>
      tests.every(({ column, passes }) => passes[reader.places[column]] === 1);
  }
}

/** Which of a part's texts, by place, are among some: 1 for those. */
function passesOf(reader: CellReader, wanted: readonly string[]): Uint8Array {
  const passes = new Uint8Array(reader.texts);
  for (const text of wanted) {
    const place = reader.placeOf(text);
    if (place !== -1) passes[place] = 1;
  }
  return passes;
}

function passesInGroup(
  reader: CellReader,
  groupsOf: GroupsOf,
  wanted: ReadonlySet<string>,
): Uint8Array {
  const passes = new Uint8Array(reader.texts);
  for (let place = 0; place < passes.length; place += 1) {
    const groups = groupsOf(reader.text(place));
    if (groups.some((group) => wanted.has(group))) passes[place] = 1;
  }
  return passes;
}

function weightOf(targets: readonly Target[]): number {
  return targets.reduce((sum, { sign }) => sum + sign, 0);
}

/** Where in a cell a dimension is. */
function columnOf(dimension: UsageDimension): Dimension {
  return dimension === "group" ? "user" : dimension;
}
