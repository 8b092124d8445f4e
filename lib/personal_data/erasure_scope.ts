/** Which rows of a user's space an erasure takes. */
import { idTimeBound } from "@/lib/shared/id_time.ts";

/** Envelopes of the outbox: they name things, such as a document, and consumers are still to read them. */
const ENVELOPES = "e";

/** Up to where the outbox was trimmed. */
const TRIM = "et";

/** Kinds whose last or third part is an id that tells when the row was made. */
const BY_ID = /^(?:thr|msg|run|prj|tsk|doc|job|sch)_([0-9A-Za-z]{22})$/;

/** Rows that the search index has; they go when no thread is left. */
const INDEX = new Set(["sx", "sg", "sw"]);

/** Rows that the index of documents has; they go when no document is left. */
const DOCUMENT_INDEX = new Set(["ds", "dg", "dv"]);

/** Rows of threads, which go with their thread. */
const THREADS = new Set(["t", "ta", "ti", "tx", "m"]);

export interface RowScope {
  /** Null: everything. */
  beforeMs: number | null;
  /** Takes rows of the outbox, too. */
  withEvents: boolean;
  /** The search index has nothing to find. */
  withIndex: boolean;
  /** Nor has that of documents. */
  withDocumentIndex: boolean;
}

/**
 * Whether a row goes.
 * @param kind second part of its key
 */
export function takesRow(
  { beforeMs, withEvents, withIndex, withDocumentIndex }: RowScope,
  kind: string,
  key: Deno.KvKey,
  value: unknown,
): boolean {
  if (kind === ENVELOPES) {
    return withEvents && (beforeMs === null || tellsOfBefore(value, beforeMs));
  }
  if (kind === TRIM) return withEvents && beforeMs === null;
  if (INDEX.has(kind)) return withIndex;
  if (DOCUMENT_INDEX.has(kind)) return withDocumentIndex;
  if (beforeMs === null) return true;
  if (THREADS.has(kind)) return false;
  // The last one is what the row is about; what stands before it may be older.
  const id = [fieldOf(value, "id"), fieldOf(value, "runId"), ...key]
    .flatMap((part) => typeof part === "string" ? BY_ID.exec(part) ?? [] : [])
    .at(-1);
  if (id !== undefined) return id < idTimeBound(beforeMs);
  // Tags and the like: by when they were made, where they say so.
  const createdAt = fieldOf(value, "createdAt");
  return typeof createdAt === "string" && Date.parse(createdAt) < beforeMs;
}

/** Whether one of the events of an envelope is as old, or tells of something that is. */
function tellsOfBefore(envelope: unknown, beforeMs: number): boolean {
  const events = fieldOf(envelope, "ev");
  if (!Array.isArray(events)) return true;
  return events.some((event) => {
    const at = fieldOf(event, "at");
    const id = BY_ID.exec(String(fieldOf(event, "subject")))?.[1];
    return typeof at !== "number" || at < beforeMs ||
      (id !== undefined && id < idTimeBound(beforeMs));
  });
}

/** Keys of the parts of all blobs that a row's value names. */
export function blobsIn(value: unknown): { blob: string; parts: number }[] {
  if (typeof value !== "object" || value === null) return [];
  if (ArrayBuffer.isView(value)) return [];
  const { blob, parts } = value as { blob?: unknown; parts?: unknown };
  if (typeof blob === "string" && typeof parts === "number") {
    return [{ blob, parts }];
  }
  return Object.values(value).flatMap(blobsIn);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Reflect.get(value, name)
    : undefined;
}
