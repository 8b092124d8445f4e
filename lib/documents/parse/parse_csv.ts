/** Whole records of a CSV document as rows of cells (RFC 4180, by csv-parse). */
import { parse } from "csv-parse/sync";
import type { TextEncoding } from "./text_encoding.ts";

export interface CsvRows {
  rows: string[][];
  /** Pieces of the text that cannot be records, cut to a readable length. */
  broken: string[];
}

/** What csv-parse calls the encodings. */
const NAMES = { "utf-8": "utf8", "windows-1252": "latin1" } as const;

/** How much of a broken record is shown, in UTF-16 code units. */
export const BROKEN_CHARACTERS = 120;

/**
 * @param bytes whole records
 */
export function parseCsv(
  bytes: Uint8Array,
  delimiter: string,
  encoding: TextEncoding,
): CsvRows {
  const broken: string[] = [];
  const rows: string[][] = parse(bytes, {
    delimiter,
    record_delimiter: ["\r\n", "\n"],
    encoding: NAMES[encoding],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (_error, raw) => {
      broken.push(String(raw ?? "").slice(0, BROKEN_CHARACTERS));
    },
  });
  return { rows, broken };
}
