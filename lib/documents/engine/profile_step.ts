/** One step of a profile. */
import type { Slices } from "@/lib/chat/search/slices.ts";
import {
  newRecords,
  readRecords,
  type RecordsState,
} from "../parse/table_records.ts";
import type { ProseReading, TableReading } from "../parse/detect_format.ts";
import { decode, wholeCharacters } from "../parse/text_encoding.ts";
import { TableState } from "../profile/table_state.ts";
import {
  countText,
  newText,
  profileText,
  type TextState,
} from "../profile/text_state.ts";
import { pack, unpack } from "./carried.ts";
import type { ProfileStep, ProfileStepResult } from "./steps.ts";

/** Decoded and counted at a time, in bytes. */
const PIECE_BYTES = 64 * 1024;

export async function profilePiece(
  step: ProfileStep,
  slices: Slices,
): Promise<ProfileStepResult> {
  const { reading } = step;
  return reading.format === "csv" || reading.format === "jsonl"
    ? await profileTable({ ...step, reading }, slices)
    : await profileProse({ ...step, reading }, slices);
}

type StepOf<Reading> = ProfileStep & { reading: Reading };

interface TableCarried {
  records: RecordsState;
  isHeaderRead: boolean;
}

async function profileTable(
  { reading, state: carried, bytes, isEnd }: StepOf<TableReading>,
  slices: Slices,
): Promise<ProfileStepResult> {
  const before = carried === null ? null : unpack<TableCarried>(carried);
  const table = before === null
    ? TableState.empty()
    : TableState.decode(before.rest);
  const { records, ...rest } = before?.json ??
    { records: newRecords(), isHeaderRead: false };
  let { isHeaderRead } = rest;
  const hasHeader = reading.format === "csv" && reading.dialect.hasHeader;
  const taken = await readRecords(bytes, reading, records, isEnd, {
    row(cells) {
      if (hasHeader && !isHeaderRead) table.nameColumns(cells);
      else table.addRow(cells);
      isHeaderRead = true;
    },
    named: (cells) => table.addNamed(cells),
    broken: (line) => table.addBroken(line),
    brokenCharacters: (count) => table.addBrokenCharacters(count),
  }, slices);
  const isDone = isEnd && taken === bytes.length;
  return {
    taken,
    state: pack({ records, isHeaderRead }, table.encode()),
    count: table.rows,
    profile: isDone
      ? table.profile({
        encoding: reading.encoding,
        delimiter: reading.format === "csv" ? reading.dialect.delimiter : null,
        hasHeader: hasHeader || reading.format === "jsonl",
      })
      : null,
  };
}

async function profileProse(
  { reading, state: carried, bytes, isEnd }: StepOf<ProseReading>,
  slices: Slices,
): Promise<ProfileStepResult> {
  const state = carried === null ? newText() : unpack<TextState>(carried).json;
  const isMarkdown = reading.format === "markdown";
  const whole = isEnd || reading.encoding !== "utf-8"
    ? bytes.length
    : wholeCharacters(bytes);
  for (let at = 0; at < whole;) {
    const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, whole));
    const isLast = at + piece.length === whole;
    const length = isLast || reading.encoding !== "utf-8"
      ? piece.length
      : wholeCharacters(piece);
    const { text, broken } = decode(
      piece.subarray(0, length),
      reading.encoding,
    );
    countText(state, text, broken, isMarkdown);
    at += length;
    if (slices.isDue) await slices.pause();
  }
  return {
    taken: whole,
    state: pack(state),
    count: state.lines,
    profile: isEnd ? profileText(state, reading.encoding) : null,
  };
}
