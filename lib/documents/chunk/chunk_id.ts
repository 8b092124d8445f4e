/** Chunks as the search index knows them: by the number of each in its document. */
import { ID_LENGTH } from "@/lib/chat/search/segment_writer.ts";

/** @param number from 1; 0 is the document's name */
export function chunkDocumentId(number: number): string {
  return String(number).padStart(ID_LENGTH, "0");
}

export function chunkNumber(id: string): number {
  return Number(id);
}
