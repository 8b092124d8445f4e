/**
 * One record of each request that asked a model. Records are written behind: the answer never waits for
 * them, and when the store has more important things to do they are dropped, and counted.
 */
import type { Clock } from "@/lib/clock.ts";
import type { RequestLogSettings } from "@/lib/config/request_log.ts";
import { isId } from "@/lib/shared/ids.ts";
import { redact } from "./redact.ts";
import { minuteOf } from "./request_pages.ts";
import {
  MAX_BODY_BYTES,
  type RequestBodies,
  type RequestLogStore,
  type WaitingRecord,
} from "./request_log_store.ts";
import type { RequestRecord, RunFacts } from "./request_record.ts";
import type {
  RequestLook,
  RequestSearch,
  RequestSearchStore,
} from "./request_search_store.ts";
import {
  marksOf,
  type RequestMark,
  type RequestSummary,
  summaryOf,
} from "./request_summary.ts";
import { idBound, timeOf } from "./request_time.ts";
import { withWaiting } from "./request_waiting.ts";

export interface RequestLogParts {
  store: Pick<RequestLogStore, "write" | "get" | "getAll">;
  search: Pick<RequestSearchStore, "look" | "findByPrefix" | "countMarked">;
  settings: RequestLogSettings;
  clock: Pick<Clock, "after">;
}

/** Records that may wait: at more than so many the store is far behind. */
const MAX_WAITING = 2_000;
/** Records that one write takes. With bodies it is fewer, so that they fit a batch of the lane. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 256 * 1024;
/** Pages of summaries, which are written anew with each batch and have up to 12 KiB each. */
const MAX_BATCH_PAGES = 24;
/** Bytes that a record is taken for, without and for each of its parts. */
const RECORD_BYTES = 1_024;
const STAGE_BYTES = 120;
const ATTEMPT_BYTES = 240;
const HEADER_BYTES = 8;
/** How long before its run a request has come in, at most, in milliseconds. */
const RUN_AFTER_REQUEST_MS = 10 * 60_000;
/** How long a record waits for company, in milliseconds. */
const FLUSH_MS = 200;

export class RequestLog {
  readonly #parts: RequestLogParts;
  #waiting: WaitingRecord[] = [];
  /** What is on its way into the store. */
  #batch: WaitingRecord[] = [];
  #writing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;
  #written = 0;
  #dropped = 0;

  constructor(parts: RequestLogParts) {
    this.#parts = parts;
  }

  /** Records that have been written since the start. */
  get written(): number {
    return this.#written;
  }

  /** Records that were left out since the start: too many waited, or the store refused. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether question and answer are kept too. */
  get keepsBodies(): boolean {
    return this.#parts.settings.bodies;
  }

  /** Takes a record; never throws, waits or fails. @param bodies asked only where they are kept */
  add(
    workspace: string,
    record: RequestRecord,
    bodies?: RunFacts["bodies"],
  ): void {
    const isFull = this.#waiting.length >= MAX_WAITING;
    if (this.#isClosed || isFull || !isId("req", record.id)) {
      this.#dropped += 1;
      return;
    }
    const kept = this.keepsBodies && bodies ? this.#redacted(bodies()) : null;
    this.#waiting.push({
      workspace,
      record: { ...record, hasBodies: kept !== null },
      bodies: kept,
    });
    if (this.#waiting.length >= MAX_BATCH) this.#flush();
    else this.#flushLater();
  }

  /**
   * Looks through what was recorded, newest first, as far as one answer may; what waits to be written is
   * among it.
   */
  async look(
    workspace: string,
    search: RequestSearch,
    signal?: AbortSignal,
  ): Promise<RequestLook> {
    const { before, mark, fromMs, isWanted, prepare, limit } = search;
    const waiting = this.#unwritten(workspace).map(summaryOf).filter((each) =>
      (before === null || each.id < before) && each.id >= idBound(fromMs) &&
      (mark === null || marksOf(each).includes(mark))
    );
    const canJudge = waiting.length === 0 ||
      await prepare?.(waiting, false) !== false;
    const wanted = canJudge ? waiting.filter(isWanted) : [];
    const look = await this.#parts.search.look(workspace, search, signal);
    return withWaiting(look, wanted, limit);
  }

  /** How many requests failed, or were slow, since then; counted up to 200. */
  countMarked(
    workspace: string,
    mark: RequestMark,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<number> {
    return this.#parts.search.countMarked(workspace, mark, sinceMs, signal);
  }

  /** The newest request whose id begins so, or null. */
  async findByPrefix(
    workspace: string,
    prefix: string,
    signal?: AbortSignal,
  ): Promise<RequestSummary | null> {
    if (!/^req_[0-9A-Za-z]{1,22}$/.test(prefix)) return null;
    return await this.#parts.search.findByPrefix(workspace, prefix, signal);
  }

  /** The request that began a run, or was attached to it last; null when there is none. */
  async findByRun(
    workspace: string,
    run: string,
    signal?: AbortSignal,
  ): Promise<RequestSummary | null> {
    if (!isId("run", run)) return null;
    // A run is begun by its request, so it is a little younger.
    const begunMs = timeOf(run);
    const { items } = await this.look(workspace, {
      mark: null,
      fromMs: begunMs - RUN_AFTER_REQUEST_MS,
      before: idBound(begunMs + 1),
      isWanted: (summary) => summary.run === run,
      limit: 1,
      looksAhead: false,
    }, signal);
    return items[0] ?? null;
  }

  /** The records of these ids that are there, in their order. */
  async getAll(
    workspace: string,
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<RequestRecord[]> {
    const waiting = new Map(
      this.#unwritten(workspace).map((record) => [record.id, record]),
    );
    const stored = await this.#parts.store.getAll(
      workspace,
      ids.filter((id) => !waiting.has(id)),
      signal,
    );
    const all = new Map(stored.map((record) => [record.id, record]));
    return ids.flatMap((id) => waiting.get(id) ?? all.get(id) ?? []);
  }

  /** A record by its id, with question and answer where they are kept; null when there is none. */
  async get(
    workspace: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<(RequestRecord & { bodies: RequestBodies | null }) | null> {
    if (!isId("req", id)) return null;
    const waiting = this.#batch.concat(this.#waiting)
      .findLast((each) =>
        each.workspace === workspace && each.record.id === id
      );
    const found = waiting ??
      await this.#parts.store.get(workspace, id, signal);
    return found && { ...found.record, bodies: found.bodies };
  }

  /** Resolves when nothing waits: for tests, and for those who read what they have just asked for. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing !== null) {
      this.#flush();
      await this.#writing;
    }
  }

  /** Writes what waits, for so long at most, and takes nothing more. */
  async close(deadlineMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.after(deadlineMs, () => late.resolve());
    await Promise.race([this.flush(), late.promise]);
    cancel();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  /** Records of a workspace that are not in the store yet. */
  #unwritten(workspace: string): RequestRecord[] {
    return this.#batch.concat(this.#waiting)
      .flatMap((each) => each.workspace === workspace ? [each.record] : []);
  }

  #flushLater(): void {
    this.#cancelTimer ??= this.#parts.clock.after(
      FLUSH_MS,
      () => this.#flush(),
    );
  }

  /** Writes one batch after the other, until nothing waits. */
  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#writing !== null || this.#waiting.length === 0) return;
    this.#writing = this.#write(this.#take()).finally(() => {
      this.#writing = null;
      if (this.#waiting.length >= MAX_BATCH) this.#flush();
      else if (this.#waiting.length > 0) this.#flushLater();
    });
  }

  #take(): WaitingRecord[] {
    let bytes = 0;
    let count = 0;
    const pages = new Set<string>();
    for (const { workspace, record, bodies } of this.#waiting) {
      bytes += RECORD_BYTES + record.stages.length * STAGE_BYTES +
        record.attempts.length * ATTEMPT_BYTES + bytesOf(record.headers);
      if (bodies !== null) bytes += 2 * MAX_BODY_BYTES;
      pages.add(`${workspace} ${minuteOf(record.id)}`);
      const isFull = count === MAX_BATCH || bytes > MAX_BATCH_BYTES ||
        pages.size > MAX_BATCH_PAGES;
      if (count > 0 && isFull) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: WaitingRecord[]): Promise<void> {
    this.#batch = batch;
    try {
      await this.#parts.store.write(batch);
      this.#written += batch.length;
    } catch {
      // The lane tells of its troubles itself; these records are what may be missed.
      this.#dropped += batch.length;
    } finally {
      this.#batch = [];
    }
  }

  #redacted({ request, response }: RequestBodies): RequestBodies {
    const { redact: kinds } = this.#parts.settings;
    return {
      request: redact(beginning(request), kinds),
      response: redact(beginning(response), kinds),
    };
  }
}

/** About how many bytes kept headers take. */
function bytesOf(headers: RequestRecord["headers"]): number {
  if (headers === undefined) return 0;
  let bytes = 0;
  for (const [name, value] of [...headers.request, ...headers.response]) {
    bytes += name.length + value.length + HEADER_BYTES;
  }
  return bytes;
}

/** More of a text than is kept of it; a word that is cut in two is left out, since it may be half a key. */
function beginning(text: string): string {
  if (text.length <= MAX_BODY_BYTES) return text;
  return text.slice(0, MAX_BODY_BYTES + 1).replace(/\S{1,512}$/, "");
}
