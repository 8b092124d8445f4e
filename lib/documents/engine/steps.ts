/**
 * The heavy work on documents, in steps: each takes a piece of the document and what the step before has
 * left, and leaves the same again. So a step can be done in any worker, and repeated after a crash.
 */
import type { Chunk } from "../chunk/chunk.ts";
import type {
  DocumentReading,
  FormatRefusal,
  ProseReading,
  TableReading,
} from "../parse/detect_format.ts";
import type { DocumentProfile } from "@/lib/shared/documents/profile_wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a step of a table or text goes on with; null: it is the first. */
type Carried = Bytes | null;

/** What the first bytes of a document are. */
export interface DetectStep {
  type: "detect";
  head: Bytes;
  name: string;
}

/** A piece of a table or text, for its profile. */
export interface ProfileStep {
  type: "profile";
  reading: TableReading | ProseReading;
  state: Carried;
  /** From where the step before ended. */
  bytes: Bytes;
  isEnd: boolean;
}

export interface ProfileStepResult {
  /** Bytes that were taken; all of them at the end. */
  taken: number;
  state: Bytes;
  /** Rows, or lines, so far. */
  count: number;
  /** At the end. */
  profile: DocumentProfile | null;
}

/** What a PDF is, as a whole. */
export interface PdfProfileStep {
  type: "pdf-profile";
  bytes: Bytes;
}

/** What of a document goes into the index. */
export interface IndexedDocument {
  /** Id without its prefix. */
  id: string;
  name: string;
  /** Newest change, milliseconds since 1970 UTC. */
  updatedAtMs: number;
}

/** A piece of a table or text, for the index. */
export interface ChunkStep {
  type: "chunk";
  document: IndexedDocument;
  reading: TableReading | ProseReading;
  state: Carried;
  bytes: Bytes;
  isEnd: boolean;
  /** Chunks that there are already. */
  chunks: number;
  /** Chunks that this document may have in all. */
  mostChunks: number;
}

/** Some pages of a PDF, for the index. */
export interface PdfChunkStep {
  type: "pdf-chunk";
  document: IndexedDocument;
  bytes: Bytes;
  /** From 1. */
  firstPage: number;
  pages: number;
  chunks: number;
  mostChunks: number;
}

export interface ChunkStepResult {
  /** Bytes, or pages, that were taken. */
  taken: number;
  state: Bytes;
  chunks: Chunk[];
  /** A segment of the search index with these chunks; null: there are none. */
  segment: Bytes | null;
}

/** Segments of an index as one. */
export interface MergeStep {
  type: "merge";
  /** Oldest first. */
  segments: Bytes[];
  /** Nothing is older than these. */
  isWhole: boolean;
}

export type Step =
  | DetectStep
  | ProfileStep
  | PdfProfileStep
  | ChunkStep
  | PdfChunkStep
  | MergeStep;

/** What each step comes to. */
export type StepResult<S extends Step> = S extends DetectStep
  ? DocumentReading | FormatRefusal
  : S extends ProfileStep ? ProfileStepResult
  : S extends PdfProfileStep ? DocumentProfile
  : S extends MergeStep ? Bytes
  : ChunkStepResult;

/** A document that no further attempt can read; a sentence for its owner. */
export class UnreadableDocument extends Error {
  override readonly name = "UnreadableDocument";
}
