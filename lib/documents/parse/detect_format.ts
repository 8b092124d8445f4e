/**
 * What a document is, by its first bytes; its name only settles what the bytes leave open. The type that
 * a browser or server claims counts for nothing.
 */
import { type CsvDialect, findDialect } from "./csv_dialect.ts";
import { textOf } from "./text_encoding.ts";
import type { TextEncoding } from "./text_encoding.ts";

export type DocumentFormat = "csv" | "jsonl" | "text" | "markdown" | "pdf";

/** How a table of cells is read. */
export type TableReading =
  | CsvReading
  | { format: "jsonl"; encoding: TextEncoding; bom: number };

interface CsvReading {
  format: "csv";
  encoding: TextEncoding;
  /** Bytes of the mark before the text: 3 or 0. */
  bom: number;
  dialect: CsvDialect;
}

/** How a text is read. */
export interface ProseReading {
  format: "text" | "markdown";
  encoding: TextEncoding;
  bom: number;
}

/** How the bytes of a document are read. */
export type DocumentReading = { format: "pdf" } | TableReading | ProseReading;

/** A document that cannot be taken in; a sentence for its owner. */
export interface FormatRefusal {
  refused: string;
}

/** How many of the first bytes are looked at. */
export const HEAD_BYTES = 64 * 1024;

const PDF_MARK = "%PDF-";
/** The mark may stand behind up to so many other bytes (PDF 32000-1, annex H.3.4.1). */
const PDF_MARK_WITHIN = 1024;
const UTF8_BOM = [0xef, 0xbb, 0xbf];

/** Beginnings of formats that people take for text. */
const KNOWN_BINARIES: readonly { bytes: readonly number[]; name: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: "a ZIP archive or Office file" },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], name: "an old Office file" },
  { bytes: [0x1f, 0x8b], name: "a gzip archive" },
  { bytes: [0x89, 0x50, 0x4e, 0x47], name: "a picture" },
  { bytes: [0xff, 0xd8, 0xff], name: "a picture" },
  { bytes: [0x47, 0x49, 0x46, 0x38], name: "a picture" },
];

const WANTED = "Wanted is CSV, JSONL, text, Markdown or PDF.";

const startsWith = (bytes: Uint8Array, start: readonly number[]) =>
  start.every((byte, index) => bytes[index] === byte);

/**
 * @param head the first `HEAD_BYTES`, or all there are
 * @param name of the file, for its ending
 */
export function detectFormat(
  head: Uint8Array,
  name: string,
): DocumentReading | FormatRefusal {
  if (head.length === 0) return { refused: "The document is empty." };
  const first = new TextDecoder("latin1")
    .decode(head.subarray(0, PDF_MARK_WITHIN));
  if (first.includes(PDF_MARK)) return { format: "pdf" };
  const known = KNOWN_BINARIES.find(({ bytes }) => startsWith(head, bytes));
  if (known !== undefined) {
    return { refused: `The document is ${known.name}. ${WANTED}` };
  }
  if (startsWith(head, [0xff, 0xfe]) || startsWith(head, [0xfe, 0xff])) {
    return {
      refused: "The document is written in UTF-16. Save it as UTF-8 first.",
    };
  }
  if (head.includes(0)) {
    return { refused: `The document holds bytes that are no text. ${WANTED}` };
  }
  const bom = startsWith(head, UTF8_BOM) ? UTF8_BOM.length : 0;
  const { text, encoding } = textOf(head.subarray(bom));
  if (text.trim() === "") return { refused: "The document is empty." };
  const ending = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1].toLowerCase() ?? "";
  if (looksLikeJsonLines(text)) return { format: "jsonl", encoding, bom };
  if (ending === "md" || ending === "markdown") {
    return { format: "markdown", encoding, bom };
  }
  const isNamedCsv = ["csv", "tsv", "tab"].includes(ending);
  if (isNamedCsv || !["txt", "text", "log"].includes(ending)) {
    const dialect = findDialect(head.subarray(bom), encoding, isNamedCsv);
    if (dialect !== null) return { format: "csv", encoding, bom, dialect };
  }
  const isMarkdown = /^#{1,6} \S/m.test(text) &&
    !["txt", "text", "log"].includes(ending);
  return { format: isMarkdown ? "markdown" : "text", encoding, bom };
}

/** Lines looked at; of these the first two that are there must be objects. */
const LINES_LOOKED_AT = 20;

function looksLikeJsonLines(text: string): boolean {
  const lines = text.split("\n", LINES_LOOKED_AT)
    .filter((line) => line.trim() !== "");
  if (lines.length === 0 || !lines[0].trimStart().startsWith("{")) return false;
  // A long first line may be cut off where the head ends.
  if (lines.length === 1 && text.length >= HEAD_BYTES / 2) {
    return /^\s*\{\s*"/.test(lines[0]);
  }
  return lines.slice(0, 2).some((line) => isObject(line));
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
