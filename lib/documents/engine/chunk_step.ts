/** One step of the indexing: a piece of a document as chunks, and these as a segment of the index. */
import { buildSegment } from "@/lib/chat/search/segment_build.ts";
import { KIND, TITLE_ID } from "@/lib/chat/search/segment_writer.ts";
import type { Slices } from "@/lib/chat/search/slices.ts";
import type { Chunk } from "../chunk/chunk.ts";
import {
  addRow,
  endRows,
  newRowChunker,
  type RowChunkerState,
} from "../chunk/row_chunker.ts";
import {
  addText,
  type ChunkerState,
  endText,
  newChunker,
} from "../chunk/text_chunker.ts";
import { chunkDocumentId } from "../chunk/chunk_id.ts";
import {
  newRecords,
  readRecords,
  type RecordsState,
} from "../parse/table_records.ts";
import { textOfPage, withPdf } from "../parse/read_pdf.ts";
import type { ProseReading, TableReading } from "../parse/detect_format.ts";
import { decode, wholeCharacters } from "../parse/text_encoding.ts";
import { pack, unpack } from "./carried.ts";
import type {
  ChunkStep,
  ChunkStepResult,
  IndexedDocument,
  PdfChunkStep,
} from "./steps.ts";

type StepOf<Reading> = ChunkStep & { reading: Reading };

export async function chunkPiece(
  step: ChunkStep,
  slices: Slices,
): Promise<ChunkStepResult> {
  const { reading } = step;
  const { taken, state, chunks } =
    reading.format === "csv" || reading.format === "jsonl"
      ? await chunkTable({ ...step, reading }, slices)
      : chunkProse({ ...step, reading });
  return await withSegment(step, { taken, state, chunks }, slices);
}

export async function chunkPdf(
  step: PdfChunkStep,
  slices: Slices,
): Promise<ChunkStepResult> {
  const { bytes, firstPage } = step;
  const made = await withPdf(bytes, async (pdf) => {
    const last = Math.min(firstPage + step.pages - 1, pdf.numPages);
    const chunks: Chunk[] = [];
    for (let page = firstPage; page <= last; page += 1) {
      const state = newChunker();
      const options = { isMarkdown: false, page };
      const text = await textOfPage(pdf, page);
      chunks.push(
        ...addText(state, text, options),
        ...endText(state, options),
      );
      if (slices.isDue) await slices.pause();
    }
    return { taken: last - firstPage + 1, state: pack({}), chunks };
  });
  return await withSegment(step, made, slices);
}

interface TableCarried {
  records: RecordsState;
  chunker: RowChunkerState;
  /** Null: the first record has not been read. */
  names: string[] | null;
}

/** Columns whose cells can be found; more are left out. */
const MAX_FOUND_COLUMNS = 200;

async function chunkTable(
  { reading, state: carried, bytes, isEnd }: StepOf<TableReading>,
  slices: Slices,
): Promise<Omit<ChunkStepResult, "segment">> {
  const { records, chunker, ...rest } = carried === null
    ? { records: newRecords(), chunker: newRowChunker(), names: null }
    : unpack<TableCarried>(carried).json;
  let names: string[] | null = rest.names;
  const hasHeader = reading.format === "csv" && reading.dialect.hasHeader;
  const chunks: Chunk[] = [];
  const taken = await readRecords(bytes, reading, records, isEnd, {
    row(cells) {
      const found = cells.slice(0, MAX_FOUND_COLUMNS);
      if (names === null) {
        names = found.map((name, at) =>
          hasHeader && name.trim() !== "" ? name.trim() : `Column ${at + 1}`
        );
        if (hasHeader) return;
      }
      chunks.push(
        ...addRow(
          chunker,
          found.map((cell, at) => [names?.[at] ?? `Column ${at + 1}`, cell]),
        ),
      );
    },
    named(cells) {
      chunks.push(...addRow(chunker, cells.slice(0, MAX_FOUND_COLUMNS)));
    },
    // The profile tells of these.
    broken: () => {},
    brokenCharacters: () => {},
  }, slices);
  if (isEnd && taken === bytes.length) chunks.push(...endRows(chunker));
  return { taken, state: pack({ records, chunker, names }), chunks };
}

function chunkProse(
  { reading, state: carried, bytes, isEnd }: StepOf<ProseReading>,
): Omit<ChunkStepResult, "segment"> {
  const state = carried === null
    ? newChunker()
    : unpack<ChunkerState>(carried).json;
  const options = { isMarkdown: reading.format === "markdown", page: null };
  const taken = isEnd || reading.encoding !== "utf-8"
    ? bytes.length
    : wholeCharacters(bytes);
  const { text } = decode(bytes.subarray(0, taken), reading.encoding);
  const chunks = addText(state, text, options);
  if (isEnd) chunks.push(...endText(state, options));
  return { taken, state: pack(state), chunks };
}

/** Keeps as many chunks as the document may have, and makes a segment of them. */
async function withSegment(
  { document, chunks: before, mostChunks }: {
    document: IndexedDocument;
    chunks: number;
    mostChunks: number;
  },
  { taken, state, chunks: made }: Omit<ChunkStepResult, "segment">,
  slices: Slices,
): Promise<ChunkStepResult> {
  const chunks = made.slice(0, Math.max(0, mostChunks - before));
  if (chunks.length === 0) return { taken, state, chunks, segment: null };
  const { id, name, updatedAtMs } = document;
  const isFirst = before === 0;
  const texts = chunks.map(({ text, place }, index) => ({
    id: chunkDocumentId(before + index + 1),
    kind: KIND.user,
    text: place.heading === null ? text : `${place.heading}\n${text}`,
  }));
  const title = { id: TITLE_ID, kind: KIND.title, text: name };
  const segment = await buildSegment([{
    id,
    replaces: isFirst,
    updatedAtMs,
    documents: isFirst ? [title, ...texts] : texts,
  }], slices);
  return { taken, state, chunks, segment };
}
