/** Price files: a table of what models cost, as JSON in the shape of the config file's `prices`, or as CSV. */
import { parse } from "csv-parse/sync";
import { priceSchema, type PriceSettings } from "@/lib/config/file.ts";

/** Something that is wrong with one row of a price file. */
export interface PriceFault {
  /** Line of a CSV file, or number of an entry of a JSON file; both begin with 1. */
  line: number;
  /** A sentence. */
  message: string;
}

/** A price file that was not taken: none of it holds. */
export class PriceFileError extends Error {
  override readonly name = "PriceFileError";

  constructor(message: string, readonly faults: readonly PriceFault[] = []) {
    super(message);
  }
}

/** Largest price file, in UTF-16 code units: all prices together are kept in one record. */
export const MAX_PRICE_FILE_CHARACTERS = 200_000;

const MOST_ROWS = 1_000;

const COLUMNS = [
  "model",
  "from",
  "inputPerMillionUsd",
  "cachedInputPerMillionUsd",
  "outputPerMillionUsd",
] as const;

const OPTIONAL: readonly string[] = ["cachedInputPerMillionUsd"];

/** What a table calculation takes for a formula: a name that begins so would be run wherever prices are shown. */
const FORMULA = /^[=+\-@\t\r]/;

/** Control characters, which no name of a model has. */
const CONTROL = /\p{Cc}/u;

/**
 * The prices of a file, in its order.
 * @throws {PriceFileError} that names the line of each row that is wrong
 */
export function readPriceFile(text: string): PriceSettings[] {
  if (text.length > MAX_PRICE_FILE_CHARACTERS) {
    throw new PriceFileError(
      `The file has more than ${MAX_PRICE_FILE_CHARACTERS} characters.`,
    );
  }
  const bare = text.replace(/^\uFEFF/, "");
  const rows = /^\s*[[{]/.test(bare) ? jsonRows(bare) : csvRows(bare);
  if (rows.length === 0) throw new PriceFileError("The file has no prices.");
  if (rows.length > MOST_ROWS) {
    throw new PriceFileError(`The file has more than ${MOST_ROWS} prices.`);
  }
  return check(rows);
}

interface Row {
  line: number;
  value: unknown;
}

function check(rows: readonly Row[]): PriceSettings[] {
  const faults: PriceFault[] = [];
  const prices: PriceSettings[] = [];
  const places = new Map<string, number>();
  for (const { line, value } of rows) {
    const parsed = priceSchema.safeParse(value);
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues;
      faults.push({
        line,
        message: `${path.join(".") || "entry"}: ${message}`,
      });
      continue;
    }
    const { model, from } = parsed.data;
    const place = `${from} ${model}`;
    const before = places.get(place);
    if (FORMULA.test(model) || CONTROL.test(model)) {
      faults.push({
        line,
        message: "model: is a formula or has control characters",
      });
    } else if (before !== undefined) {
      faults.push({
        line,
        message: `model “${model}” has a price from ${from} in line ${before}`,
      });
    } else prices.push(parsed.data);
    places.set(place, line);
  }
  if (faults.length === 0) return prices;
  throw new PriceFileError(
    faults.length === 1
      ? "One row of the file cannot be used."
      : `${faults.length} rows of the file cannot be used.`,
    faults,
  );
}

function jsonRows(text: string): Row[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PriceFileError(`The file is no JSON: ${why}`);
  }
  const list = Array.isArray(json)
    ? json
    : (json as { prices?: unknown } | null)?.prices;
  if (!Array.isArray(list)) {
    throw new PriceFileError(
      "The file is neither a list of prices nor an object with such a list under “prices”.",
    );
  }
  return list.map((value, place) => ({ line: place + 1, value }));
}

interface CsvLine {
  record: string[];
  info: { lines: number };
}

function csvRows(text: string): Row[] {
  let lines: CsvLine[];
  try {
    lines = parse(text, {
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      delimiter: [",", ";", "\t"],
    }) as unknown as CsvLine[];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PriceFileError(`The file is no CSV: ${why}`);
  }
  const [head, ...rest] = lines;
  const columns = columnsOf(head?.record ?? []);
  return rest.map(({ record, info }) => ({
    line: info.lines,
    value: record.length > columns.length
      ? { ...toEntry(columns, record), "a field too many": record.at(-1) }
      : toEntry(columns, record),
  }));
}

/** The names in the first line, however they are spelled: `Input per million USD` is one of them. */
function columnsOf(head: readonly string[]): string[] {
  const fold = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
  const known = new Map(COLUMNS.map((name) => [fold(name), name]));
  const columns = head.map((name) => known.get(fold(name)) ?? name);
  const strange = columns.filter((name) =>
    !COLUMNS.some((column) => column === name)
  );
  const missing = COLUMNS.filter((name) =>
    !OPTIONAL.includes(name) && !columns.includes(name)
  );
  if (strange.length === 0 && missing.length === 0) return columns;
  const what = missing.length > 0
    ? `lacks ${missing.join(", ")}`
    : `has “${strange[0].slice(0, 60)}”, which is no column of prices`;
  throw new PriceFileError(
    `The first line of the file ${what}; want ${COLUMNS.join(",")}.`,
    [{ line: 1, message: `the head ${what}` }],
  );
}

/** An empty field is one that was left out. */
function toEntry(
  columns: readonly string[],
  record: readonly string[],
): Record<string, string> {
  const entry: Record<string, string> = {};
  for (const [place, name] of columns.entries()) {
    const text = record[place] ?? "";
    if (text !== "") entry[name] = text;
  }
  return entry;
}
