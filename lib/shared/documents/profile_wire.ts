/** What is told of a document, as the browser gets it. */

/** What most cells of a column hold. */
export type ColumnType =
  | "empty"
  | "integer"
  | "number"
  | "boolean"
  | "date"
  | "datetime"
  | "text";

/** A value and how many cells have it. */
export interface ValueCount {
  value: string;
  count: number;
}

/** What the numbers of a column are like. */
export interface NumberProfile {
  min: number;
  max: number;
  mean: number;
  p5: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  /** Whether the quantiles are of all numbers, or of a random sample of them. */
  isExact: boolean;
  /**
   * Numbers outside of Tukey's fences: below p25 - 1.5 * (p75 - p25) or above p75 + 1.5 * (p75 - p25).
   * Where the quantiles are of a sample, the count is the sample's share of them times all numbers.
   */
  outliers: { count: number; low: number; high: number; examples: number[] };
}

export interface ColumnProfile {
  name: string;
  type: ColumnType;
  /** Cells that hold something. */
  values: number;
  missing: number;
  /** Cells of each type, without those that are missing. */
  types: Partial<Record<ColumnType, number>>;
  /** Different values; where it is not exact there are more. */
  distinct: { count: number; isExact: boolean };
  /** The most frequent values; where `distinct` is not exact, among the first that many. */
  top: ValueCount[];
  /** Null: no numbers. */
  numbers: NumberProfile | null;
  /** Earliest and latest of days and times in ISO 8601; null: none. */
  times: { first: string; last: string } | null;
  /** Characters of the longest cell. */
  longest: number;
}

/** A piece that could not be read as a row. */
export interface BrokenLine {
  /** Number of the line, from 1. */
  line: number;
  /** Its beginning. */
  text: string;
  reason: string;
}

export interface TableProfile {
  kind: "table";
  rows: number;
  /** Columns that were found; of these `columns` tells of the first. */
  columnCount: number;
  columns: ColumnProfile[];
  /** Rows that are equal to an earlier one; where it is not exact, to one of the first `compared`. */
  duplicates: { rows: number; isExact: boolean; compared: number };
  /** Rows with more or fewer cells than there are columns. */
  unevenRows: number;
  broken: { lines: number; examples: BrokenLine[] };
  /** Characters that could not be read and are shown as U+FFFD. */
  brokenCharacters: number;
  encoding: string;
  /** Null: the document is JSONL. */
  delimiter: string | null;
  hasHeader: boolean;
  /** The first rows, each cell cut to a readable length. */
  sample: string[][];
}

export interface TextProfile {
  kind: "text";
  lines: number;
  words: number;
  characters: number;
  /** Titles of sections, in their order: the first ones. */
  headings: string[];
  brokenCharacters: number;
  encoding: string;
}

export interface PdfProfile {
  kind: "pdf";
  pages: number;
  title: string | null;
  author: string | null;
}

export type DocumentProfile = TableProfile | TextProfile | PdfProfile;
