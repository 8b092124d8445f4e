/** What is known of a column while rows come, in bounded memory. */
import { type CellType, cellType, toNumber } from "../parse/cell_type.ts";
import { offer, type ReservoirState, type StoredRandom } from "./reservoir.ts";

export interface ColumnState {
  name: string;
  /** Cells of each type. */
  types: Partial<Record<CellType, number>>;
  /** How often each value is there, of the first different ones. */
  counts: Map<string, number>;
  /** A value came that is not among them. */
  hasMoreValues: boolean;
  sum: number;
  numbers: ReservoirState;
  /** Smallest and largest numbers, sorted. */
  lowest: number[];
  highest: number[];
  /** Earliest and latest in ISO 8601. */
  first: string | null;
  last: string | null;
  longest: number;
}

/** How much is kept of one column. */
export interface ColumnBounds {
  values: number;
  sample: number;
}

/** Extremes that are kept at each end. */
const EXTREMES = 5;
/** Longer values count as different ones by their beginning, in UTF-16 code units. */
const MAX_VALUE_CHARACTERS = 80;

export function newColumn(name: string): ColumnState {
  return {
    name,
    types: {},
    counts: new Map(),
    hasMoreValues: false,
    sum: 0,
    numbers: { seen: 0, sample: [] },
    lowest: [],
    highest: [],
    first: null,
    last: null,
    longest: 0,
  };
}

export function addCell(
  column: ColumnState,
  cell: string,
  bounds: ColumnBounds,
  random: StoredRandom,
): void {
  const type = cellType(cell);
  column.types[type] = (column.types[type] ?? 0) + 1;
  if (type === "missing") return;
  if (cell.length > column.longest) column.longest = cell.length;
  countValue(column, cell, bounds.values);
  if (type === "integer" || type === "number") {
    addNumber(column, toNumber(cell), bounds.sample, random);
  } else if (type === "date" || type === "datetime") addTime(column, cell);
}

function countValue(column: ColumnState, cell: string, most: number): void {
  const { counts } = column;
  const value = cell.length > MAX_VALUE_CHARACTERS
    ? cell.slice(0, MAX_VALUE_CHARACTERS)
    : cell;
  const known = counts.get(value);
  if (known !== undefined) counts.set(value, known + 1);
  else if (counts.size < most) counts.set(value, 1);
  else column.hasMoreValues = true;
}

function addNumber(
  column: ColumnState,
  value: number,
  sampleSize: number,
  random: StoredRandom,
): void {
  column.sum += value;
  offer(column.numbers, value, sampleSize, random);
  const { lowest, highest } = column;
  if (lowest.length < EXTREMES || value < lowest[EXTREMES - 1]) {
    insert(lowest, value, (one, other) => one - other);
  }
  if (highest.length < EXTREMES || value > highest[EXTREMES - 1]) {
    insert(highest, value, (one, other) => other - one);
  }
}

function insert(
  sorted: number[],
  value: number,
  order: (one: number, other: number) => number,
): void {
  sorted.push(value);
  sorted.sort(order);
  if (sorted.length > EXTREMES) sorted.pop();
}

function addTime(column: ColumnState, cell: string): void {
  const text = cell.trim();
  // Days in other forms do not sort by their text.
  if (text[4] !== "-") return;
  if (column.first === null || text < column.first) column.first = text;
  if (column.last === null || text > column.last) column.last = text;
}
