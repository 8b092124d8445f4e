/** Records of what begins. */
import type { DocumentRecord, WorkRecord } from "./document_record.ts";

/** @param now RFC 3339 UTC */
export function newDocument(
  id: string,
  name: string,
  now: string,
): DocumentRecord {
  return {
    v: 1,
    id,
    name,
    state: "waiting",
    format: null,
    error: null,
    bytes: null,
    fileId: null,
    rows: null,
    columns: null,
    pages: null,
    chunks: 0,
    isCutOff: false,
    projectId: null,
    url: null,
    reading: 1,
    profile: null,
    createdAt: now,
    updatedAt: now,
  };
}

export function newWork(reading: number): WorkRecord {
  return {
    v: 1,
    reading,
    phase: "profile",
    format: null,
    at: 0,
    state: null,
    count: 0,
    chunks: 0,
    progress: 0,
    message: "",
  };
}
