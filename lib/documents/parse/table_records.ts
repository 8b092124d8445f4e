/** Rows of a table out of bytes that come in pieces: whole records are taken, the rest comes again. */
import type { BrokenLine } from "@/lib/shared/documents/profile_wire.ts";
import type { Slices } from "@/lib/chat/search/slices.ts";
import { cutRecords } from "./cut_records.ts";
import { BROKEN_CHARACTERS, parseCsv } from "./parse_csv.ts";
import type { TableReading } from "./detect_format.ts";
import { decode } from "./text_encoding.ts";

/** Where the reading stands; JSON. */
export interface RecordsState {
  /** Line on which the next byte is, from 1. */
  line: number;
  /** A line that is too long is being left out. */
  isSkipping: boolean;
}

export interface RecordSink {
  /** A row by the places of its cells. */
  row(cells: string[]): void;
  /** A row by the names of its cells. */
  named(cells: [name: string, cell: string][]): void;
  broken(line: BrokenLine): void;
  brokenCharacters(count: number): void;
}

/** Longest record, in bytes. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Parsed at a time, in bytes: some milliseconds. */
const BLOCK_BYTES = 32 * 1024;
const LINE_FEED = 0x0a;
const MAX_NESTED_CHARACTERS = 200;

export const newRecords = (): RecordsState => ({ line: 1, isSkipping: false });

/**
 * @param bytes from where the last call ended
 * @returns how many of them were taken; all of them at the end
 */
export async function readRecords(
  bytes: Uint8Array,
  reading: TableReading,
  state: RecordsState,
  isEnd: boolean,
  sink: RecordSink,
  slices: Slices,
): Promise<number> {
  const delimiter = reading.format === "csv" ? reading.dialect.delimiter : null;
  let at = 0;
  while (at < bytes.length) {
    if (slices.isDue) await slices.pause();
    const rest = bytes.subarray(at);
    if (state.isSkipping) {
      const end = rest.indexOf(LINE_FEED);
      if (end === -1) return bytes.length;
      state.isSkipping = false;
      state.line += 1;
      at += end + 1;
      continue;
    }
    const cut = cutRecords(rest, { delimiter, isEnd, mostBytes: BLOCK_BYTES });
    if (cut.end > 0 && cut.end <= MAX_RECORD_BYTES) {
      readBlock(rest.subarray(0, cut.end), reading, state, sink);
      at += cut.end;
      continue;
    }
    if (rest.length <= MAX_RECORD_BYTES && !isEnd) return at;
    at += leaveOut(rest, state, cut.isOpenQuote, sink, reading);
  }
  return at;
}

/** Leaves the first line out; how many bytes that are. */
function leaveOut(
  rest: Uint8Array,
  state: RecordsState,
  isOpenQuote: boolean,
  sink: RecordSink,
  { encoding }: TableReading,
): number {
  const end = rest.indexOf(LINE_FEED);
  const shown = rest.subarray(0, Math.min(BROKEN_CHARACTERS, rest.length));
  const isLong = end === -1 || end > MAX_RECORD_BYTES;
  sink.broken({
    line: state.line,
    text: decode(end === -1 ? shown : shown.subarray(0, end), encoding).text,
    reason: isOpenQuote && !isLong
      ? "A quote is opened and not closed"
      : "The line is longer than 1 MiB",
  });
  if (end === -1) {
    state.isSkipping = true;
    return rest.length;
  }
  state.line += 1;
  return end + 1;
}

function readBlock(
  block: Uint8Array,
  reading: TableReading,
  state: RecordsState,
  sink: RecordSink,
): void {
  if (reading.format === "csv") {
    const { rows, broken } = parseCsv(
      block,
      reading.dialect.delimiter,
      reading.encoding,
    );
    for (const cells of rows) {
      countBroken(cells, sink);
      sink.row(cells);
    }
    for (const text of broken) {
      const reason = "The quotes do not fit";
      sink.broken({ line: state.line, text, reason });
    }
    state.line += countLines(block);
    return;
  }
  const { text, broken } = decode(block, reading.encoding);
  if (broken > 0) sink.brokenCharacters(broken);
  for (const line of text.split("\n")) {
    if (line.trim() !== "") readJsonLine(line, state.line, sink);
    state.line += 1;
  }
  // Behind the last line feed is no line.
  if (text.endsWith("\n")) state.line -= 1;
}

function countBroken(cells: readonly string[], sink: RecordSink): void {
  for (const cell of cells) {
    if (cell.includes("\ufffd")) {
      sink.brokenCharacters(cell.split("\ufffd").length - 1);
    }
  }
}

function readJsonLine(line: string, number: number, sink: RecordSink): void {
  let reason = "The line is not an object";
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      sink.named(
        Object.entries(value).map(([name, cell]) => [
          name,
          textOfJson(cell),
        ]),
      );
      return;
    }
  } catch {
    reason = "The line is not JSON";
  }
  const text = line.slice(0, BROKEN_CHARACTERS).toWellFormed();
  sink.broken({ line: number, text, reason });
}

/** @throws {RangeError} for what nests too deep */
function textOfJson(value: unknown): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") {
    return JSON.stringify(value).slice(0, MAX_NESTED_CHARACTERS).toWellFormed();
  }
  return String(value);
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (
    let at = bytes.indexOf(LINE_FEED);
    at !== -1;
    at = bytes.indexOf(LINE_FEED, at + 1)
  ) lines += 1;
  return lines;
}
