/** What separates the cells of a CSV document, and whether its first record names the columns. */
import { cutRecords } from "./cut_records.ts";
import { parseCsv } from "./parse_csv.ts";
import type { TextEncoding } from "./text_encoding.ts";
import { cellType } from "./cell_type.ts";

export interface CsvDialect {
  delimiter: string;
  hasHeader: boolean;
}

const DELIMITERS = [",", ";", "\t", "|"];
const RECORDS_LOOKED_AT = 50;
/** Longest name of a column that the detection believes, in UTF-16 code units. */
const MAX_NAME_CHARACTERS = 120;
/** Records that must have the same number of cells, as a share of all. */
const LEAST_AGREEING = 0.8;

/**
 * @param head the first bytes behind a mark
 * @param isNamedCsv whether one column alone is a table too
 * @returns null: it is no table
 */
export function findDialect(
  head: Uint8Array,
  encoding: TextEncoding,
  isNamedCsv: boolean,
): CsvDialect | null {
  let best: { dialect: CsvDialect; score: number } | null = null;
  for (const delimiter of DELIMITERS) {
    const rows = firstRows(head, encoding, delimiter);
    if (rows.length === 0) continue;
    const { cells, share } = usualLength(rows);
    const isTable = cells > 1 && share >= LEAST_AGREEING &&
      (rows.length > 1 || isNamedCsv);
    if (!isTable && !(isNamedCsv && (cells > 1 || delimiter === ","))) continue;
    const score = (isTable ? 1_000 : 0) + share * 100 + Math.min(cells, 50);
    if (best === null || score > best.score) {
      const dialect = { delimiter, hasHeader: looksLikeHeader(rows) };
      best = { dialect, score };
    }
  }
  return best?.dialect ?? null;
}

function firstRows(
  head: Uint8Array,
  encoding: TextEncoding,
  delimiter: string,
): string[][] {
  const cut = cutRecords(head, {
    delimiter,
    isEnd: false,
    mostRecords: RECORDS_LOOKED_AT,
  });
  // A document of one line has no end of it.
  const to = cut.end === 0 ? head.length : cut.end;
  return parseCsv(head.subarray(0, to), delimiter, encoding).rows;
}

function usualLength(rows: string[][]): { cells: number; share: number } {
  const counts = new Map<number, number>();
  for (const { length } of rows) {
    counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  const [cells, count] = [...counts].reduce((one, other) =>
    other[1] > one[1] ? other : one
  );
  return { cells, share: count / rows.length };
}

/** The first record names columns where it is unlike what is below it. */
export function looksLikeHeader(rows: string[][]): boolean {
  const [first, ...others] = rows;
  if (first === undefined) return false;
  const names = first.map((name) => name.trim());
  const isNames = names.every((name) =>
    name !== "" && name.length <= MAX_NAME_CHARACTERS &&
    cellType(name) === "text"
  );
  if (!isNames || new Set(names).size < names.length) return false;
  // A record may be as long as all that is looked at.
  if (others.length === 0) return names.length > 1;
  const isTyped = names.some((_, column) =>
    others.every((row) => {
      const cell = row[column];
      return cell === undefined || cellType(cell) !== "text";
    })
  );
  if (isTyped) return true;
  // All is text: a name does not come again below.
  return names.every((name, column) =>
    others.every((row) => row[column]?.trim() !== name)
  );
}
