/**
 * The read side of the Durable Streams protocol, version 1.0, over the events of a run: catch-up,
 * long-poll and server-sent events. A stream is `application/json`; each of its messages is an event of
 * the run, `{event, data}`. A run that begins anew goes on with a `reset` at a higher offset.
 */
import { isTerminal, type PlacedEvent } from "@/lib/streams/live_run.ts";
import type { Position } from "@/lib/streams/position.ts";
import { formatOffset } from "./offset.ts";
import {
  type DurableSource,
  isAt,
  type Piece,
  pieceHeaders,
  type Tail,
  toJson,
  toPiece,
} from "./piece.ts";
import { type Reading, readQuery } from "./query.ts";
import { sseResponse } from "./sse.ts";
import { throwRefusal } from "@/lib/streams/sse.ts";

/** Messages in one answer at most. */
const MAX_MESSAGES = 1_000;
/** How long a long poll waits for the first message, in milliseconds. */
const LONG_POLL_MS = 20_000;

/** How long the first messages of another process's run may take, in milliseconds. */
const FIRST_MS = 1_000;
/** A pause that long, in milliseconds, is the end of what another process has written. */
const QUIET_MS = 150;

export interface DurableOptions {
  longPollMs?: number;
  lifetimeMs?: number;
}

/**
 * Answers a read.
 * @throws {AppError} 400 `invalid_request` for an offset or a mode that means nothing
 */
export async function durableResponse(
  request: Request,
  source: DurableSource,
  options: DurableOptions = {},
): Promise<Response> {
  if (request.method === "HEAD") {
    return headResponse(await findTail(source, request.signal));
  }
  const reading = readQuery(new URL(request.url).searchParams);
  const tail = reading.isNow
    ? await findTail(source, request.signal)
    : await source.tail();
  if (reading.isNow) reading.after = tail!.position;
  if (reading.live === "sse") {
    return sseResponse(request, source, reading, tail, options.lifetimeMs);
  }
  if (reading.live === "long-poll") {
    return await longPoll(request, source, reading, tail, options);
  }
  const piece = reading.isNow
    ? toPiece([], reading.after, tail)
    : await readUpTo(source, reading.after, tail, request.signal);
  const headers = pieceHeaders(piece, { "stream-cursor": reading.cursor });
  if (!reading.isNow) {
    const etag = `"${source.id}:${formatOffset(reading.after)}:${
      formatOffset(piece.next)
    }${piece.isClosed ? ":closed" : ""}"`;
    headers.set("etag", etag);
    if (request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers });
    }
  }
  return new Response(toJson(piece.events), { headers });
}

function headResponse(tail: Tail): Response {
  const piece = toPiece([], tail.position, tail);
  const headers = pieceHeaders(piece, {});
  headers.delete("stream-up-to-date");
  return new Response(null, { headers });
}

async function longPoll(
  request: Request,
  source: DurableSource,
  { after, cursor }: Reading,
  tail: Tail | null,
  { longPollMs = LONG_POLL_MS }: DurableOptions,
): Promise<Response> {
  const live = { "stream-cursor": cursor };
  const isBehind = tail !== null && (tail.isClosed || !isAt(after, tail));
  const piece = isBehind
    ? await readUpTo(source, after, tail, request.signal)
    : await readNext(source, after, request.signal, longPollMs);
  throwRefusal(request.signal);
  const headers = pieceHeaders(piece, live);
  if (piece.events.length > 0) {
    return new Response(toJson(piece.events), { headers });
  }
  headers.delete("content-type");
  return new Response(null, { status: 204, headers });
}

/** Everything from a place up to the tail there was, up to so many messages. */
async function readUpTo(
  source: DurableSource,
  after: Position | null,
  tail: Tail | null,
  signal: AbortSignal,
): Promise<Piece> {
  const events: PlacedEvent[] = [];
  if (tail !== null && isAt(after, tail)) return toPiece(events, after, tail);
  const enough = new AbortController();
  let quiet = tail === null ? abortAfter(FIRST_MS, enough) : undefined;
  const batches = source.follow(
    after,
    AbortSignal.any([signal, enough.signal]),
  );
  for await (const batch of batches) {
    events.push(...batch);
    const { position, event } = batch[batch.length - 1];
    if (isTerminal(event) || events.length >= MAX_MESSAGES) break;
    if (tail !== null && isAt(position, tail)) break;
    clearTimeout(quiet);
    if (tail === null) quiet = abortAfter(QUIET_MS, enough);
  }
  clearTimeout(quiet);
  enough.abort();
  return toPiece(events, after, tail);
}

/** The tail, found by reading where nobody here knows it. */
async function findTail(
  source: DurableSource,
  signal: AbortSignal,
): Promise<Tail> {
  const known = await source.tail();
  if (known !== null) return known;
  let place: Position | null = null;
  for (;;) {
    const piece: Piece = await readUpTo(source, place, null, signal);
    place = piece.next;
    if (piece.isClosed || piece.events.length < MAX_MESSAGES) {
      return { position: place, isClosed: piece.isClosed };
    }
  }
}

function abortAfter(delayMs: number, enough: AbortController) {
  return setTimeout(() => enough.abort(), delayMs);
}

/** What comes next after a place that is the end so far; nothing after a while. */
async function readNext(
  source: DurableSource,
  after: Position | null,
  signal: AbortSignal,
  waitMs: number,
): Promise<Piece> {
  const enough = AbortSignal.timeout(waitMs);
  const batches = source.follow(after, AbortSignal.any([signal, enough]));
  for await (const batch of batches) {
    return toPiece(batch, after, await source.tail());
  }
  return toPiece([], after, await source.tail());
}
