/** A piece of a document that is found and cited by itself. */

export interface Chunk {
  text: string;
  place: ChunkPlace;
}

/** Where a chunk is in its document; what does not apply is null. */
export interface ChunkPlace {
  /** Lines, or rows of a table, from 1; both ends count. */
  from: number | null;
  to: number | null;
  /** Page of a PDF, from 1. */
  page: number | null;
  /** Titles of the sections it is in, outermost first. */
  heading: string | null;
}

/** A chunk is about so long, in UTF-16 code units: some 300 tokens. */
export const CHUNK_CHARACTERS = 1_200;
/** It is not cut before that, nor later than `CHUNK_CHARACTERS`. */
export const LEAST_CHARACTERS = 500;
/** What the next one repeats of it, at most. */
export const OVERLAP_CHARACTERS = 160;
