/** What a cell of a table holds, by its text. */

export type CellType =
  | "missing"
  | "integer"
  | "number"
  | "boolean"
  | "date"
  | "datetime"
  | "text";

/** Taken for no value, in any case of letters. */
export const MISSING_WORDS = [
  "na",
  "n/a",
  "null",
  "nil",
  "none",
  "nan",
  "-",
  "?",
] as const;

const MISSING = new Set<string>(MISSING_WORDS);
const LONGEST_MISSING = 4;
/** Nothing but text is longer. */
const LONGEST_TYPED = 40;

const INTEGER = /^[+-]?\d{1,15}$/;
const NUMBER = /^[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
/** With a comma for the point: where commas do not separate cells. */
const COMMA_NUMBER = /^[+-]?\d{1,15},\d+$/;
const ISO_DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const ISO_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;
const LOCAL_DATE = /^\d{1,2}([./-])\d{1,2}\1\d{4}$/;

/** Code units of characters with which a typed cell begins. */
function beginsTyped(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d ||
    code === 0x2e;
}

export function cellType(cell: string): CellType {
  const text = cell.trim();
  if (text === "") return "missing";
  if (text.length > LONGEST_TYPED) return "text";
  const lower = text.length <= 5 ? text.toLowerCase() : text;
  if (text.length <= LONGEST_MISSING && MISSING.has(lower)) return "missing";
  if (!beginsTyped(text.charCodeAt(0))) {
    return lower === "true" || lower === "false" ? "boolean" : "text";
  }
  if (INTEGER.test(text)) return "integer";
  if (NUMBER.test(text) || COMMA_NUMBER.test(text)) {
    return Number.isFinite(toNumber(text)) ? "number" : "text";
  }
  if (ISO_DATE.test(text) || LOCAL_DATE.test(text)) return "date";
  return ISO_TIME.test(text) ? "datetime" : "text";
}

/** The number that an `integer` or `number` cell holds. */
export function toNumber(cell: string): number {
  return Number(cell.trim().replace(",", "."));
}
