/** A document as the store keeps it, and as its owner sees it. */
import type {
  Document,
  DocumentChunk,
  DocumentState,
} from "@/lib/shared/wire.ts";
import type { Chunk, ChunkPlace } from "./chunk/chunk.ts";
import type { DocumentReading } from "./parse/detect_format.ts";

export interface DocumentRecord {
  readonly v: 1;
  id: string;
  name: string;
  state: DocumentState;
  format: Document["format"];
  error: string | null;
  /** Null: not known yet. */
  bytes: number | null;
  /** File that holds its bytes; null: they are still in the parts of the upload, or to come. */
  fileId: string | null;
  rows: number | null;
  columns: number | null;
  pages: number | null;
  chunks: number;
  isCutOff: boolean;
  projectId: string | null;
  url: string | null;
  /** Number of its readings; the first is 1. What is left of an older one does nothing. */
  reading: number;
  /** Where its profile is; null: there is none yet. */
  profile: StateRef | null;
  createdAt: string;
  updatedAt: string;
  token?: string;
}

/** Parts that hold a state or a profile. */
export interface StateRef {
  id: string;
  parts: number;
}

/** What the work on a document does now. */
export type WorkPhase = "profile" | "index" | "done";

/** How far the work on a document is. Each batch of it writes this anew, so no batch counts twice. */
export interface WorkRecord {
  readonly v: 1;
  /** Reading of the document that this belongs to. */
  reading: number;
  phase: WorkPhase;
  /** How its bytes are read; null: nobody has looked yet. */
  format: DocumentReading | null;
  /** Bytes, or pages, that are done in this phase. */
  at: number;
  /** What the next step goes on with; null: the phase begins. */
  state: StateRef | null;
  /** Rows or lines so far. */
  count: number;
  chunks: number;
  /** From 0 to 1; it never falls. */
  progress: number;
  message: string;
  token?: string;
}

export interface UploadRecord {
  readonly v: 1;
  /** Bytes that are stored. */
  offset: number;
  /** Bytes in all; null: known at the end. */
  size: number | null;
  /** Milliseconds since 1970 UTC. */
  expiresAtMs: number;
  token?: string;
}

/** Chunks that follow each other, the first of which names the row. */
export interface ChunkPageRecord {
  readonly v: 1;
  readonly reading: number;
  readonly chunks: readonly Chunk[];
}

/** States in which somebody is at work. */
export function isBusy({ state }: Pick<DocumentRecord, "state">): boolean {
  return state === "fetching" || state === "waiting" ||
    state === "profiling" || state === "indexing";
}

export function toDocument(
  record: DocumentRecord,
  { work, upload, jobId }: {
    work: WorkRecord | null;
    upload: UploadRecord | null;
    jobId: string | null;
  },
): Document {
  const isOfReading = work !== null && work.reading === record.reading;
  return {
    id: record.id,
    name: record.name,
    state: record.state,
    format: record.format,
    progress: record.state === "ready" ? 1 : isOfReading ? work.progress : 0,
    message: isBusy(record) && isOfReading ? work.message : "",
    error: record.error,
    bytes: record.bytes,
    uploadedBytes: upload?.offset ?? record.bytes ?? 0,
    rows: record.rows,
    columns: record.columns,
    pages: record.pages,
    chunks: isBusy(record) && isOfReading ? work.chunks : record.chunks,
    isCutOff: record.isCutOff,
    projectId: record.projectId,
    url: record.url,
    jobId,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  };
}

export function toChunk(
  { text, place }: Chunk,
  number: number,
  format: Document["format"],
): DocumentChunk {
  return {
    number,
    text,
    place: placeWords(place, format),
    heading: place.heading,
  };
}

/** Where a chunk is, in words. */
export function placeWords(
  { from, to, page }: ChunkPlace,
  format: Document["format"],
): string {
  if (page !== null) return `page ${page}`;
  if (from === null || to === null) return "";
  const noun = format === "csv" || format === "jsonl" ? "row" : "line";
  return from === to ? `${noun} ${from}` : `${noun}s ${from} to ${to}`;
}
