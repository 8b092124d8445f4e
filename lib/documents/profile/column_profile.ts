/** A column's profile out of what was gathered of it. */
import type {
  ColumnProfile,
  ColumnType,
  NumberProfile,
} from "@/lib/shared/documents/profile_wire.ts";
import type { ColumnState } from "./column_state.ts";
import { quantile } from "./reservoir.ts";

const TOP_VALUES = 5;
/** Share of the cells that must be of one type for the column to be of it. */
const LEAST_SHARE = 0.95;
/** How far Tukey's fences lie from the quartiles, in distances of these. */
const FENCE = 1.5;

const TYPES = [
  "integer",
  "number",
  "boolean",
  "date",
  "datetime",
  "text",
] as const;

/** @param rows in all; a column that comes late has no cell in those before */
export function profileColumn(
  column: ColumnState,
  rows: number,
): ColumnProfile {
  const { types, counts, hasMoreValues, first, last, longest } = column;
  const values = TYPES.reduce((sum, type) => sum + (types[type] ?? 0), 0);
  const { missing: _missing, ...present } = types;
  return {
    name: column.name,
    type: typeOf(present, values),
    values,
    missing: rows - values,
    types: present,
    distinct: { count: counts.size, isExact: !hasMoreValues },
    top: [...counts].sort((one, other) => other[1] - one[1])
      .slice(0, TOP_VALUES).map(([value, count]) => ({ value, count })),
    numbers: profileNumbers(column),
    times: first === null || last === null ? null : { first, last },
    longest,
  };
}

function typeOf(
  types: ColumnProfile["types"],
  values: number,
): ColumnType {
  if (values === 0) return "empty";
  const isMostly = (count: number) => count / values >= LEAST_SHARE;
  const integers = types.integer ?? 0;
  const numbers = integers + (types.number ?? 0);
  if (isMostly(integers)) return "integer";
  if (isMostly(numbers)) return "number";
  const times = (types.date ?? 0) + (types.datetime ?? 0);
  if (isMostly(types.date ?? 0)) return "date";
  if (isMostly(times)) return "datetime";
  return isMostly(types.boolean ?? 0) ? "boolean" : "text";
}

function profileNumbers(
  { numbers: { seen, sample }, sum, lowest, highest }: ColumnState,
): NumberProfile | null {
  if (seen === 0) return null;
  const sorted = sample.toSorted((one, other) => one - other);
  const [p5, p25, p50, p75, p95] = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) =>
    quantile(sorted, share)
  );
  const low = p25 - FENCE * (p75 - p25);
  const high = p75 + FENCE * (p75 - p25);
  const isOut = (value: number) => value < low || value > high;
  const outside = sorted.filter(isOut).length;
  const isExact = seen === sample.length;
  // Extremes are known of all numbers, so a few that the sample has missed count too.
  const examples = [...lowest.filter(isOut), ...highest.filter(isOut)];
  const count = Math.max(
    Math.round(outside / sample.length * seen),
    Math.min(new Set(examples).size, seen),
  );
  return {
    min: lowest[0],
    max: highest[0],
    mean: sum / seen,
    p5,
    p25,
    p50,
    p75,
    p95,
    isExact,
    outliers: {
      count: isExact ? outside : count,
      low,
      high,
      examples: [...new Set(examples)],
    },
  };
}
