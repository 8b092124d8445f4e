/** The records of requests in the store: one row each, under its id, which is by time. */
import * as keys from "@/lib/kv/keys.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { RequestRecord } from "./request_record.ts";
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

interface RecordRow {
  v: 1;
  /** The record as JSON in UTF-8. */
  json: Uint8Array;
  /** Milliseconds since 1970 UTC. */
  expiresAt: number;
}

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
    const sets: { key: Deno.KvKey; value: RecordRow | { v: 1 } }[] = [];
    const marks = new Set<string>();
    for (const { workspace, record, bodies } of batch) {
      const hourMs = Math.floor(timeOf(record.id) / HOUR_MS) * HOUR_MS;
      const mark = `${hourMs} ${workspace}`;
      if (!this.#markedHours.has(mark) && !marks.has(mark)) {
        marks.add(mark);
        const key = keys.requestHourKey(hourMs, workspace);
        sets.push({ key, value: { v: 1 } });
      }
      const key = keys.requestRecordKey(workspace, record.id);
      sets.push({ key, value: this.#row(record, timeOf(record.id)) });
      if (bodies === null) continue;
      sets.push({
        key: keys.requestBodiesKey(workspace, record.id),
        value: this.#row(cut(bodies), timeOf(record.id)),
      });
    }
    await this.#lane().write({ sets, urgency: "soon" });
    // Hours of long ago are not asked for again.
    if (this.#markedHours.size > ROWS_PER_ENTRY) this.#markedHours.clear();
    for (const mark of marks) this.#markedHours.add(mark);
  }

  /** The newest records that came before one (null: of all), newest first. */
  async list(
    workspace: string,
    before: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<RequestRecord[]> {
    const selector = keys.requestRecords(workspace, before);
    const rows = list<RecordRow>(this.#store, selector, {
      limit,
      reverse: true,
      signal,
    });
    const records: RequestRecord[] = [];
    for await (const { value } of rows) {
      // Older ones follow only.
      if (this.#isOver(value)) break;
      records.push(decode(value));
    }
    return records;
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
      record: decode(record.value),
      bodies: bodies.value && decode(bodies.value),
    };
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
      for (const selector of keys.requestsBetween(workspace, from, to)) {
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

function decode<T extends RequestRecord | RequestBodies>(row: RecordRow): T {
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
