/** What a read of a durable stream asks for. */
import { AppError } from "@/lib/errors.ts";
import type { Position } from "@/lib/streams/position.ts";
import { parseOffset } from "./offset.ts";

/** Section 8.1: cursors are numbers of intervals, counted from this moment. */
const CURSOR_EPOCH_MS = Date.UTC(2024, 9, 9);
const CURSOR_INTERVAL_MS = 20_000;
const MAX_JITTER_INTERVALS = 180;

export interface Reading {
  /** The last event that the reader has. */
  after: Position | null;
  /** Whether it wants only what comes from now on. */
  isNow: boolean;
  live: "long-poll" | "sse" | null;
  /** The cursor of the answer. */
  cursor: string;
}

/** @throws {AppError} 400 `invalid_request` for an offset or a mode that means nothing */
export function readQuery(query: URLSearchParams): Reading {
  const offsets = query.getAll("offset");
  const live = query.get("live");
  if (live !== null && live !== "long-poll" && live !== "sse") {
    throw refused("live", "must be long-poll or sse");
  }
  if (offsets.length > 1) throw refused("offset", "must be there once");
  if (live !== null && offsets.length === 0) {
    throw refused("offset", "is required with live");
  }
  const text = offsets[0] ?? "-1";
  const after = text === "-1" || text === "now" ? null : parseOffset(text);
  if (after === undefined) {
    throw refused("offset", "must be -1, now, or one that this stream gave");
  }
  const cursor = nextCursor(query.get("cursor"));
  return { after, isNow: text === "now", live, cursor };
}

/** The cursor of this moment, always behind the one that the reader has (section 8.1). */
function nextCursor(last: string | null): string {
  const now = Math.floor((Date.now() - CURSOR_EPOCH_MS) / CURSOR_INTERVAL_MS);
  const had = /^\d{1,15}$/.test(last ?? "") ? Number(last) : -1;
  const jitter = 1 + Math.floor(Math.random() * MAX_JITTER_INTERVALS);
  return String(had >= now ? had + jitter : now);
}

function refused(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path} ${message}`,
    errors: [{ path, message }],
  });
}
