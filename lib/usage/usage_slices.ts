/**
 * Hours and days are stored as several sums of the same rows, each by fewer dimensions: a question reads
 * the smallest one that can answer it, so that what it costs grows with what is shown, not with how many
 * people, keys and models there are together. See docs/usage.md.
 */
import type { UsageGrain } from "@/lib/kv/keys.ts";
import type { Turns } from "./turns.ts";
import { type Cell, Cells, type Dimension, DIMENSIONS } from "./rollup_cell.ts";
import { type CellShape, WHOLE } from "./rollup_codec.ts";

/** An hour has a few of the rows of a day. */
const PARTITIONS_PER_HOUR = 1 / 8;

/** In how many rows a slice is stored. */
export function partitionsOf(
  { partitions }: Slice,
  grain: UsageGrain,
): number {
  return grain === "day"
    ? partitions
    : Math.max(1, partitions * PARTITIONS_PER_HOUR);
}

/** One of the sums of an hour or a day. */
export interface Slice extends CellShape {
  readonly name: string;
  /** Its cells stand apart by this dimension, in so many rows of a day; without it they are one row. */
  readonly partitionedBy?: "user" | "key" | "model";
  readonly partitions: number;
  /** Whether it lacks what has no value of the dimension that it is partitioned by. */
  readonly isPartial?: boolean;
  /** How much there is to read, beside the others. */
  readonly weight: number;
}

const MIXED = ["model", "provider", "source", "status", "cache"] as const;

function small(name: Dimension, weight: number): Slice {
  return { name, dimensions: [name], hasTimes: true, partitions: 1, weight };
}

export const SLICES: readonly Slice[] = [
  small("provider", 1),
  small("source", 2),
  small("cache", 3),
  small("status", 4),
  small("model", 5),
  {
    name: "mixed",
    dimensions: MIXED,
    hasTimes: true,
    partitionedBy: "model",
    partitions: 8,
    weight: 40,
  },
  {
    name: "user",
    dimensions: ["user"],
    hasTimes: false,
    partitionedBy: "user",
    partitions: 4,
    weight: 30,
  },
  {
    name: "userTimes",
    dimensions: ["user"],
    hasTimes: true,
    partitionedBy: "user",
    partitions: 8,
    weight: 200,
  },
  {
    name: "userMixed",
    dimensions: ["user", ...MIXED],
    hasTimes: false,
    partitionedBy: "model",
    partitions: 8,
    weight: 300,
  },
  {
    name: "key",
    dimensions: ["key"],
    hasTimes: false,
    partitions: 1,
    weight: 10,
  },
  {
    name: "keyTimes",
    dimensions: ["key"],
    hasTimes: true,
    partitionedBy: "key",
    partitions: 4,
    weight: 60,
  },
  {
    name: "keyMixed",
    dimensions: ["key", ...MIXED],
    hasTimes: false,
    partitionedBy: "model",
    partitions: 4,
    weight: 100,
  },
  {
    name: "byKey",
    dimensions: DIMENSIONS,
    hasTimes: true,
    partitionedBy: "key",
    partitions: 16,
    isPartial: true,
    weight: 500,
  },
  {
    name: "byUser",
    dimensions: DIMENSIONS,
    hasTimes: true,
    partitionedBy: "user",
    partitions: 32,
    weight: 1_500,
  },
];

/** The one that holds all that there is; longer sums are made of it. */
export const ALL = SLICES.find(({ name }) => name === "byUser")!;

/** Quarters of an hour are read at the edges of spans alone, and so are one sum of all dimensions. */
export const QUARTER: Slice = {
  ...WHOLE,
  name: "all",
  partitions: 1,
  weight: 1,
};

/** The sums that are stored of a length of time. */
export function slicesOf(grain: UsageGrain): readonly Slice[] {
  return grain === "quarter" ? [QUARTER] : SLICES;
}

/** What has to be known of each cell. */
export interface Need {
  dimensions: ReadonlySet<Dimension>;
  times: boolean;
  /** Values of which a cell has to have one, by dimension. */
  filters: Partial<Record<Dimension, readonly string[]>>;
}

/** A slice, and the values of what it is partitioned by; null: all. */
export interface Choice {
  slice: Slice;
  values: readonly string[] | null;
}

/** The cheapest way to know that. */
export function chooseSlice({ dimensions, times, filters }: Need): Choice {
  let best: Choice | null = null;
  let least = Infinity;
  for (const slice of SLICES) {
    const knows = [...dimensions].every((name) =>
      slice.dimensions.includes(name)
    );
    if (!knows || (times && !slice.hasTimes)) continue;
    const { partitionedBy } = slice;
    const values = (partitionedBy && filters[partitionedBy]) ?? null;
    if (slice.isPartial && !values?.every(Boolean)) continue;
    const choice = { slice, values };
    const cost = slice.weight * wantedPartitions(choice, "day").length /
      slice.partitions;
    if (cost >= least) continue;
    least = cost;
    best = choice;
  }
  // The slice of all dimensions and times is never left out.
  return best!;
}

/** The rows of a choice that can hold what is wanted. */
export function wantedPartitions(
  { slice, values }: Choice,
  grain: UsageGrain,
): number[] {
  const count = partitionsOf(slice, grain);
  return values === null
    ? Array.from({ length: count }, (_, place) => place)
    : [...new Set(values.map((value) => partitionOf(value, count)))];
}

/** Where a value's cells are: FNV-1a of its UTF-16, which is stored and so stays as it is. */
export function partitionOf(value: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < value.length; at += 1) {
    hash = Math.imul(hash ^ value.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/** The cells of a slice by partition. */
export async function sliceCells(
  slice: Slice,
  grain: UsageGrain,
  cells: Iterable<Cell>,
  turns: Turns,
): Promise<Map<number, Cells>> {
  const { partitionedBy, isPartial, dimensions } = slice;
  const partitions = partitionsOf(slice, grain);
  const isWhole = dimensions.length === DIMENSIONS.length;
  const byPartition = new Map<number, Cells>();
  for (const cell of cells) {
    if (turns.isOver) await turns.others();
    const value = partitionedBy === undefined
      ? ""
      : cell.dimensions[partitionedBy];
    if (isPartial && value === "") continue;
    const partition = partitionOf(value, partitions);
    let own = byPartition.get(partition);
    if (own === undefined) byPartition.set(partition, own = new Cells());
    own.addCell(
      isWhole ? cell : { ...cell, dimensions: project(cell, dimensions) },
    );
  }
  return byPartition;
}

function project(
  { dimensions }: Cell,
  kept: readonly Dimension[],
): Cell["dimensions"] {
  const projected: Record<string, string> = {};
  for (const name of DIMENSIONS) {
    projected[name] = kept.includes(name) ? dimensions[name] : "";
  }
  return projected as Cell["dimensions"];
}
