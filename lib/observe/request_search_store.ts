/**
 * Looks through requests, newest first, and no further than one answer may take: as many rows, and as
 * long. What came before the summaries were kept is looked through by its whole records.
 */
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import {
  decodeRecord,
  type RecordRow,
  type SummaryRow,
} from "./request_log_store.ts";
import { minuteOf, PAGE_MS } from "./request_pages.ts";
import {
  decodeSummaries,
  marksOf,
  type RequestMark,
  type RequestSummary,
  summaryOf,
} from "./request_summary.ts";
import { idBound, timeOf } from "./request_time.ts";

/** What is looked for. */
export interface RequestSearch {
  /** Only those that failed, or were slow; null: all. */
  mark: RequestMark | null;
  /** Requests that came in from then on, milliseconds since 1970 UTC. */
  fromMs: number;
  /** Requests before this id; null: from the newest on. */
  before: string | null;
  /** Whether a request is wanted. */
  isWanted: (summary: RequestSummary) => boolean;
  /**
   * Told of requests before they are judged; the first ones of an answer have to be, or it would come to
   * nothing. @returns false: no more can be judged in this answer
   */
  prepare?: (
    summaries: readonly RequestSummary[],
    haveToBe: boolean,
  ) => Promise<boolean>;
  /** How many are wanted. */
  limit: number;
  /** Whether one more is looked for, which tells whether any follow; unless told it is. */
  looksAhead?: boolean;
}

/** How far a search has looked. */
export interface RequestLook {
  items: RequestSummary[];
  /** Requests that were looked at. */
  looked: number;
  /** Everything wanted from then on was found, milliseconds since 1970 UTC; null: nothing is left. */
  backToMs: number | null;
  /** Before which id to go on; null: nothing is left. */
  next: string | null;
}

/** Rows of one read: pages have up to 12 KiB each. */
const PAGES_PER_READ = 100;
const ROWS_PER_READ = 200;
/** Reads of one answer. */
export const MAX_READS = 40;
/** Reads that every answer may take, however slow the store is: few requests are told in one answer. */
const LEAST_READS = 3;
/** How long an answer looks, in milliseconds; the read that is under way then is the last. */
const MAX_LOOK_MS = 80;

/** What an answer may still do. */
interface Budget {
  reads: number;
  untilMs: number;
}

/** Requests of one stretch of time, newest first, and the id before which all others are. */
interface Stretch {
  summaries: RequestSummary[];
  bound: string;
}

export class RequestSearchStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws what the store throws */
  async look(
    workspace: string,
    search: RequestSearch,
    signal?: AbortSignal,
  ): Promise<RequestLook> {
    const { limit, isWanted, prepare, looksAhead = true } = search;
    const { clock } = this.#store;
    const budget = {
      reads: MAX_READS,
      untilMs: clock.monotonic() + MAX_LOOK_MS,
    };
    const most = looksAhead ? limit + 1 : limit;
    const items: RequestSummary[] = [];
    let looked = 0;
    let isFirst = true;
    let bound = search.before ?? idBound(clock.now() + PAGE_MS);
    const stretches = this.#stretches(workspace, search, budget, signal);
    for await (const stretch of stretches) {
      if (prepare !== undefined) {
        const begunMs = clock.monotonic();
        if (!await prepare(stretch.summaries, isFirst)) {
          return { items, looked, backToMs: timeOf(bound), next: bound };
        }
        isFirst = false;
        // That has a bound of its own, and comes to nothing once all is known.
        budget.untilMs += clock.monotonic() - begunMs;
      }
      for (const summary of stretch.summaries) {
        if (items.length === most) break;
        looked += 1;
        if (isWanted(summary)) items.push(summary);
      }
      if (items.length >= most) {
        const shown = items.slice(0, limit);
        const next = shown.at(-1)?.id ?? stretch.bound;
        return { items: shown, looked, backToMs: timeOf(next), next };
      }
      bound = stretch.bound;
      const isLate = budget.reads <= MAX_READS - LEAST_READS &&
        clock.monotonic() >= budget.untilMs;
      if (budget.reads <= 0 || isLate) {
        const isEnd = timeOf(bound) <= search.fromMs;
        return isEnd
          ? { items, looked, backToMs: null, next: null }
          : { items, looked, backToMs: timeOf(bound), next: bound };
      }
    }
    return { items, looked, backToMs: null, next: null };
  }

  /** The newest request whose id begins so, or null. */
  async findByPrefix(
    workspace: string,
    prefix: string,
    signal?: AbortSignal,
  ): Promise<RequestSummary | null> {
    const selector = keys.requestRecordsBetween(
      workspace,
      prefix,
      `${prefix}~`,
    );
    const rows = list<RecordRow>(this.#store, selector, {
      limit: 1,
      reverse: true,
      signal,
    });
    for await (const { value } of rows) {
      if (!this.#isOver(value)) return summaryOf(decodeRecord(value));
    }
    return null;
  }

  /** How many requests failed, or were slow, since then; counted up to 200. */
  async countMarked(
    workspace: string,
    mark: RequestMark,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const selector = keys.requestMarks(workspace, mark, idBound(sinceMs), "~");
    const rows = list<SummaryRow>(this.#store, selector, {
      limit: ROWS_PER_READ,
      signal,
    });
    let count = 0;
    for await (const { value } of rows) if (!this.#isOver(value)) count += 1;
    return count;
  }

  async *#stretches(
    workspace: string,
    search: RequestSearch,
    budget: Budget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Stretch, void, void> {
    const { mark } = search;
    let oldest: string | null = null;
    const summarised = mark === null
      ? this.#minutes(workspace, search, budget, signal)
      : this.#marked(workspace, mark, search, budget, signal);
    for await (const stretch of summarised) {
      oldest = stretch.bound;
      yield stretch;
    }
    yield* this.#unsummarised(workspace, search, oldest, budget, signal);
  }

  /** By the minute in which they came in; within it every page has to be read to know their order. */
  async *#minutes(
    workspace: string,
    { before, fromMs }: RequestSearch,
    budget: Budget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Stretch, void, void> {
    const lastMs = before === null ? Infinity : endOfMinutes(before);
    const firstMs = Math.floor(fromMs / PAGE_MS) * PAGE_MS;
    const rows = list<SummaryRow>(
      this.#store,
      keys.requestPages(workspace, firstMs, lastMs),
      { reverse: true, batchSize: PAGES_PER_READ, signal },
    );
    const firstId = idBound(fromMs);
    let pages: SummaryRow[] = [];
    let minuteMs: number | null = null;
    let read = 0;
    const stretch = (atMs: number): Stretch => ({
      summaries: this.#inOrder(atMs, pages).filter(({ id }) =>
        (before === null || id < before) && id >= firstId
      ),
      bound: idBound(atMs),
    });
    for await (const { key, value } of rows) {
      if (read % PAGES_PER_READ === 0) budget.reads -= 1;
      read += 1;
      const atMs = keys.parseRequestPageKey(key);
      if (minuteMs !== null && atMs !== minuteMs) {
        yield stretch(minuteMs);
        pages = [];
      }
      minuteMs = atMs;
      if (!this.#isOver(value)) pages.push(value);
    }
    if (minuteMs !== null) yield stretch(minuteMs);
  }

  async *#marked(
    workspace: string,
    mark: RequestMark,
    { before, fromMs }: RequestSearch,
    budget: Budget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Stretch, void, void> {
    const rows = list<SummaryRow>(
      this.#store,
      keys.requestMarks(workspace, mark, idBound(fromMs), before ?? "~"),
      { reverse: true, batchSize: ROWS_PER_READ, signal },
    );
    let summaries: RequestSummary[] = [];
    let read = 0;
    for await (const { key, value } of rows) {
      if (this.#isOver(value)) continue;
      summaries.push(...decodeSummaries(value.rows));
      read += 1;
      if (read % ROWS_PER_READ !== 0) continue;
      budget.reads -= 1;
      yield { summaries, bound: keys.parseRequestMarkKey(key) };
      summaries = [];
    }
    const last = summaries.at(-1);
    if (last !== undefined) yield { summaries, bound: last.id };
  }

  /** What was recorded before there were summaries; where there always were, one read that finds nothing. */
  async *#unsummarised(
    workspace: string,
    { before, fromMs, mark }: RequestSearch,
    oldest: string | null,
    budget: Budget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Stretch, void, void> {
    const first = mark === null
      ? oldest
      : await this.#firstSummarised(workspace, signal);
    let end = before ?? "~";
    if (first !== null && first < end) end = first;
    const start = idBound(fromMs);
    if (end <= start) return;
    const rows = list<RecordRow>(
      this.#store,
      keys.requestRecordsBetween(workspace, start, end),
      { reverse: true, batchSize: ROWS_PER_READ, signal },
    );
    let summaries: RequestSummary[] = [];
    let bound = start;
    let read = 0;
    for await (const { value } of rows) {
      // Older ones follow only.
      if (this.#isOver(value)) break;
      const summary = summaryOf(decodeRecord(value));
      bound = summary.id;
      read += 1;
      if (mark === null || marksOf(summary).includes(mark)) {
        summaries.push(summary);
      }
      if (read % ROWS_PER_READ !== 0) continue;
      budget.reads -= 1;
      yield { summaries, bound };
      summaries = [];
    }
    yield { summaries, bound };
  }

  /** The id before all requests that have summaries; null: none has. */
  async #firstSummarised(
    workspace: string,
    signal: AbortSignal | undefined,
  ): Promise<string | null> {
    const selector = keys.requestPages(workspace, 0, Infinity);
    const rows = list<SummaryRow>(this.#store, selector, { limit: 1, signal });
    for await (const { key } of rows) {
      return idBound(keys.parseRequestPageKey(key));
    }
    return null;
  }

  /**
   * The requests of a minute's pages, newest first; of one that was recorded twice the record that ended
   * last.
   */
  #inOrder(minuteMs: number, pages: readonly SummaryRow[]): RequestSummary[] {
    // A page is kept for as long as its newest request may be, and all of a minute for as long.
    const retentionMs = (pages[0]?.expiresAt ?? 0) - PAGE_MS - minuteMs;
    const kept = idBound(this.#store.clock.now() - retentionMs + 1);
    const byId = new Map<string, RequestSummary>();
    for (const { rows } of pages) {
      for (const summary of decodeSummaries(rows)) {
        if (summary.id < kept) continue;
        const there = byId.get(summary.id);
        if (there !== undefined && there.finishedAtMs > summary.finishedAtMs) {
          continue;
        }
        byId.set(summary.id, summary);
      }
    }
    return [...byId.values()].sort((one, two) => one.id < two.id ? 1 : -1);
  }

  #isOver({ expiresAt }: { expiresAt: number }): boolean {
    return expiresAt <= this.#store.clock.now();
  }
}

/** End of the newest minute that has requests before an id. */
function endOfMinutes(before: string): number {
  const minuteMs = minuteOf(before);
  return before === idBound(minuteMs) ? minuteMs : minuteMs + PAGE_MS;
}
