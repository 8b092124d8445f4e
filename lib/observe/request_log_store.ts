/**
 * The records of requests in the store: one row each, under its id, which is by time; summaries of them,
 * packed into pages by minute; and a summary apart of each that failed or was slow.
 */
import * as keys from "@/lib/kv/keys.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { AddressedEvent } from "@/lib/kv/outbox.ts";
import type { Store } from "@/lib/kv/store.ts";
import { PAGE_MS, RequestPages } from "./request_pages.ts";
import type { RequestRecord } from "./request_record.ts";
import {
  encodeSummaries,
  marksOf,
  type RequestMark,
  type RequestSummary,
  summaryOf,
} from "./request_summary.ts";
import { HOUR_MS, idBound, timeOf } from "./request_time.ts";

/** Question and answer, as far as they are kept. */
export interface RequestBodies {
  /** JSON of what was asked of the model. */
  request: string;
  /** Text of the answer. */
  response: string;
}

/** A record on its way into the store. */
export interface WaitingRecord {
  workspace: string;
  record: RequestRecord;
  bodies: RequestBodies | null;
}

/** A stored record, or its bodies. */
export interface RecordRow {
  v: 1;
  /** The record as JSON in UTF-8. */
  json: Uint8Array;
  /** Milliseconds since 1970 UTC. */
  expiresAt: number;
}

/** Stored summaries: a page of them, or the one of a request that failed or was slow. */
export interface SummaryRow {
  v: 1;
  /** What `encodeSummaries` has made. */
  rows: Uint8Array;
  /** Milliseconds since 1970 UTC; of a page: of all of them. */
  expiresAt: number;
}

/** What an entry of the lane writes and removes. */
interface Changes {
  sets: { key: Deno.KvKey; value: RecordRow | SummaryRow | { v: 1 } }[];
  deletes: Deno.KvKey[];
}

const MARKS: readonly RequestMark[] = ["failed", "slow"];

/** How often those who follow are told of what tells nothing itself, in milliseconds. */
const NEWS_EVERY_MS = 1_000;
/** Workspaces of which is known when they were told last. */
const MAX_TOLD = 1_000;

/** Rows that one entry of the lane removes. */
const ROWS_PER_ENTRY = 100;
/** Bytes of a question or an answer that are kept. */
export const MAX_BODY_BYTES = 28 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class RequestLogStore {
  readonly #store: Store;
  readonly #lane: () => Lane;
  readonly #retentionMs: number;
  readonly #pages = new RequestPages();
  /** When of which workspace was told last, and how many have come since. */
  readonly #untold = new Map<string, { count: number; toldMs: number }>();
  /** Hours, by workspace, whose row this process has written: whoever removes old records finds them by it. */
  readonly #markedHours = new Set<string>();

  /** @param lane of the incarnation that counts now */
  constructor(store: Store, lane: () => Lane, retentionMs: number) {
    this.#store = store;
    this.#lane = lane;
    this.#retentionMs = retentionMs;
  }

  /**
   * Writes records; resolves when they are in the store.
   * @throws as `Lane.write` does
   */
  async write(batch: readonly WaitingRecord[]): Promise<void> {
    const changes: Changes = { sets: [], deletes: [] };
    const marks = new Set<string>();
    const summaries: { workspace: string; summary: RequestSummary }[] = [];
    for (const { workspace, record, bodies } of batch) {
      const { id } = record;
      const atMs = timeOf(id);
      const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
      const mark = `${hourMs} ${workspace}`;
      if (!this.#markedHours.has(mark) && !marks.has(mark)) {
        marks.add(mark);
        const key = keys.requestHourKey(hourMs, workspace);
        changes.sets.push({ key, value: { v: 1 } });
      }
      const key = keys.requestRecordKey(workspace, id);
      changes.sets.push({ key, value: this.#row(record, atMs) });
      const summary = summaryOf(record);
      summaries.push({ workspace, summary });
      this.#mark(changes, workspace, summary, isAgain(record));
      if (bodies === null) continue;
      changes.sets.push({
        key: keys.requestBodiesKey(workspace, id),
        value: this.#row(cut(bodies), atMs),
      });
    }
    for (const { key, rows, minuteMs } of this.#pages.add(summaries)) {
      const expiresAt = minuteMs + PAGE_MS + this.#retentionMs;
      changes.sets.push({ key, value: { v: 1, rows, expiresAt } });
    }
    const events = this.#news(summaries);
    try {
      await this.#lane().write({ ...changes, events, urgency: "soon" });
    } catch (error) {
      this.#pages.forget();
      throw error;
    }
    // Hours of long ago are not asked for again.
    if (this.#markedHours.size > ROWS_PER_ENTRY) this.#markedHours.clear();
    for (const mark of marks) this.#markedHours.add(mark);
  }

  /**
   * What to tell those who follow the requests of a workspace. Runs tell of themselves; of all others one
   * event a second says that there are new ones.
   */
  #news(
    summaries: readonly { workspace: string; summary: RequestSummary }[],
  ): AddressedEvent[] {
    const { clock } = this.#store;
    const events: AddressedEvent[] = [];
    const silent = Map.groupBy(
      summaries.filter(({ summary }) => summary.run === null),
      ({ workspace }) => workspace,
    );
    for (const [workspace, own] of silent) {
      const untold = (this.#untold.get(workspace)?.count ?? 0) + own.length;
      const toldMs = this.#untold.get(workspace)?.toldMs ?? -Infinity;
      const nowMs = clock.monotonic();
      if (nowMs - toldMs < NEWS_EVERY_MS) {
        this.#untold.set(workspace, { count: untold, toldMs });
        continue;
      }
      this.#untold.delete(workspace);
      this.#untold.set(workspace, { count: 0, toldMs: nowMs });
      events.push({
        space: workspace,
        event: {
          type: "request.recorded",
          at: clock.now(),
          subject: own[own.length - 1].summary.id,
          data: { count: untold },
        },
      });
    }
    for (const workspace of this.#untold.keys()) {
      if (this.#untold.size <= MAX_TOLD) break;
      this.#untold.delete(workspace);
    }
    return events;
  }

  /** @param isAgain whether a record of the request may be there already, which may have failed */
  #mark(
    { sets, deletes }: Changes,
    workspace: string,
    summary: RequestSummary,
    isAgain: boolean,
  ): void {
    const wanted = marksOf(summary);
    const expiresAt = timeOf(summary.id) + this.#retentionMs;
    for (const mark of MARKS) {
      const key = keys.requestMarkKey(workspace, mark, summary.id);
      if (wanted.includes(mark)) {
        const rows = encodeSummaries([summary]);
        sets.push({ key, value: { v: 1, rows, expiresAt } });
      } else if (isAgain) deletes.push(key);
    }
  }

  /** A record with its bodies, where they are kept; null when there is none. */
  async get(
    workspace: string,
    id: string,
    signal?: AbortSignal,
  ): Promise<{ record: RequestRecord; bodies: RequestBodies | null } | null> {
    const [record, bodies] = await getMany<[RecordRow, RecordRow]>(
      this.#store,
      [
        keys.requestRecordKey(workspace, id),
        keys.requestBodiesKey(workspace, id),
      ],
      { signal },
    );
    if (record.value === null || this.#isOver(record.value)) return null;
    return {
      record: decodeRecord(record.value),
      bodies: bodies.value && decodeBodies(bodies.value),
    };
  }

  /** The records of these ids that are there, in their order. */
  async getAll(
    workspace: string,
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<RequestRecord[]> {
    const rows = await getMany<RecordRow[]>(
      this.#store,
      ids.map((id) => keys.requestRecordKey(workspace, id)),
      { signal },
    );
    return rows.flatMap(({ value }) =>
      value === null || this.#isOver(value) ? [] : [decodeRecord(value)]
    );
  }

  /**
   * Removes what is kept no longer, hour by hour; safe in several processes at once, since nothing that
   * it removes comes back. Rows that expire by themselves would do so all together, on the thread that
   * serves reads.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    const dueMs = this.#store.clock.now() - this.#retentionMs - HOUR_MS;
    const hours = list(this.#store, keys.requestHours(dueMs), { signal });
    for await (const { key: hourKey } of hours) {
      const { hourMs, space: workspace } = keys.parseRequestHourKey(hourKey);
      const from = idBound(hourMs);
      const to = idBound(hourMs + HOUR_MS);
      const pages = keys.requestPages(workspace, hourMs, hourMs + HOUR_MS);
      const rows = keys.requestsBetween(workspace, from, to);
      for (const selector of [...rows, pages]) {
        await this.#drop(selector, signal);
      }
      await this.#lane().write({ deletes: [hourKey], urgency: "soon" });
    }
  }

  async #drop(
    selector: Deno.KvListSelector,
    signal: AbortSignal,
  ): Promise<void> {
    let deletes: Deno.KvKey[] = [];
    const flush = async () => {
      const keys = deletes;
      deletes = [];
      await this.#lane().write({ deletes: keys, urgency: "soon" });
    };
    for await (const { key } of list(this.#store, selector, { signal })) {
      deletes.push(key);
      if (deletes.length === ROWS_PER_ENTRY) await flush();
    }
    if (deletes.length > 0) await flush();
  }

  #row(value: unknown, atMs: number): RecordRow {
    const json = encoder.encode(JSON.stringify(value));
    return { v: 1, json, expiresAt: atMs + this.#retentionMs };
  }

  #isOver({ expiresAt }: RecordRow): boolean {
    return expiresAt <= this.#store.clock.now();
  }
}

/** Whether another execution of the request's run may have written a record before. */
function isAgain({ epoch, httpStatus }: RequestRecord): boolean {
  return httpStatus === null || (epoch ?? 1) > 1;
}

/** The record out of its row. */
export function decodeRecord(row: RecordRow): RequestRecord {
  return JSON.parse(decoder.decode(row.json));
}

function decodeBodies(row: RecordRow): RequestBodies {
  return JSON.parse(decoder.decode(row.json));
}

function cut({ request, response }: RequestBodies): RequestBodies {
  return { request: shortened(request), response: shortened(response) };
}

/** As much of the text as its JSON may take. */
function shortened(text: string): string {
  let end = Math.min(text.length, MAX_BODY_BYTES);
  let short = text.slice(0, end);
  let bytes = encoder.encode(JSON.stringify(short)).length;
  while (bytes > MAX_BODY_BYTES) {
    end = Math.floor(end * MAX_BODY_BYTES / bytes);
    short = text.slice(0, end);
    bytes = encoder.encode(JSON.stringify(short)).length;
  }
  return end < text.length ? `${short.slice(0, -1)}…` : text;
}
