/**
 * One record of each request that asked a model. Records are written behind: the answer never waits for
 * them, and when the store has more important things to do they are dropped, and counted.
 */
import type { Clock } from "@/lib/clock.ts";
import type { RequestLogSettings } from "@/lib/config/request_log.ts";
import { isId } from "@/lib/shared/ids.ts";
import { redact } from "./redact.ts";
import {
  MAX_BODY_BYTES,
  type RequestBodies,
  type RequestLogStore,
  type WaitingRecord,
} from "./request_log_store.ts";
import type { RequestRecord, RunFacts } from "./request_record.ts";

export interface RequestLogParts {
  store: Pick<RequestLogStore, "write" | "list" | "get">;
  settings: RequestLogSettings;
  clock: Pick<Clock, "after">;
}

/** A page of records, newest first. */
export interface RequestPage {
  items: RequestRecord[];
  /** Id of the last record, when more follow. */
  nextCursor: string | null;
}

/** Records that may wait: at more than so many the store is far behind. */
const MAX_WAITING = 2_000;
/** Records that one write takes. With bodies it is fewer, so that they fit a batch of the lane. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 256 * 1024;
/** Bytes of memory that a record without bodies is taken for. */
const RECORD_BYTES = 2 * 1024;
/** How long a record waits for company, in milliseconds. */
const FLUSH_MS = 200;

export class RequestLog {
  readonly #parts: RequestLogParts;
  #waiting: WaitingRecord[] = [];
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

  /** The records that came before one (null: the newest), newest first. */
  async list(
    workspace: string,
    { before, limit }: { before: string | null; limit: number },
    signal?: AbortSignal,
  ): Promise<RequestPage> {
    const { store } = this.#parts;
    const found = await store.list(workspace, before, limit + 1, signal);
    const items = found.slice(0, limit);
    const hasMore = found.length > limit;
    return { items, nextCursor: hasMore ? items[limit - 1].id : null };
  }

  /** A record by its id, with question and answer where they are kept; null when there is none. */
  async get(
    workspace: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<(RequestRecord & { bodies: RequestBodies | null }) | null> {
    if (!isId("req", id)) return null;
    const found = await this.#parts.store.get(workspace, id, signal);
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
    for (const { bodies } of this.#waiting) {
      bytes += RECORD_BYTES;
      if (bodies !== null) bytes += 2 * MAX_BODY_BYTES;
      if (count > 0 && (count === MAX_BATCH || bytes > MAX_BATCH_BYTES)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: WaitingRecord[]): Promise<void> {
    try {
      await this.#parts.store.write(batch);
      this.#written += batch.length;
    } catch {
      // The lane tells of its troubles itself; these records are what may be missed.
      this.#dropped += batch.length;
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

/** More of a text than is kept of it; a word that is cut in two is left out, since it may be half a key. */
function beginning(text: string): string {
  if (text.length <= MAX_BODY_BYTES) return text;
  return text.slice(0, MAX_BODY_BYTES + 1).replace(/\S{1,512}$/, "");
}
