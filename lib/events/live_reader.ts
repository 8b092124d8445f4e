/**
 * The newest events of a space in memory, read once for all connections of this process, as long as
 * somebody listens.
 */
import { Bell } from "@/lib/kv/bell.ts";
import { sleep } from "@/lib/clock.ts";
import {
  eventsAfter,
  eventsFrom,
  eventsTrimKey,
  parseEventsKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";
import type { TrimRecord } from "./consumer.ts";
import { threadOfEvent } from "./live_channels.ts";
import { firstPlace, isBehind, type LivePlace } from "./live_place.ts";
import { NextRing, orSleep } from "./wake.ts";

/** An event with its place and the row of its thread. */
export interface LiveItem {
  readonly place: LivePlace;
  readonly event: OutboxEvent;
  readonly thread: string | null;
  /** Undefined: the event changes no row. Null: the thread is gone. */
  readonly row: LiveThread | null | undefined;
}

/** The rows of threads as they are now; those that are gone are not in it. */
export type LoadRows = (
  space: string,
  threads: readonly string[],
  signal: AbortSignal,
) => Promise<Map<string, LiveThread>>;

/** How often to look for events of other processes, in milliseconds. */
const POLL_MS = 200;
const FAILED_PAUSE_MS = 1_000;
const ENVELOPES_PER_READ = 64;
/** Events in memory, at most. */
const MAX_ITEMS = 512;

const CHANGES_ROW = /^(thread\.(created|updated|restored)|run\.\w+)$/;

export class LiveReader {
  /** Rings when `head` has moved. */
  readonly fresh = new Bell();
  readonly #store: Store;
  readonly #space: string;
  readonly #loadRows: LoadRows;
  readonly #log: Logger;
  readonly #items: LiveItem[] = [];
  /** Everything behind this place and up to `#head` is in `#items`. */
  #tail: LivePlace;
  #head: LivePlace;

  constructor(
    store: Store,
    space: string,
    loadRows: LoadRows,
    log: Logger,
  ) {
    this.#store = store;
    this.#space = space;
    this.#loadRows = loadRows;
    this.#log = log;
    this.#tail = this.#head = firstPlace(store.generation);
  }

  /** Place of the newest event that was read. */
  get head(): LivePlace {
    return this.#head;
  }

  /** Finds out where the events end. */
  async begin(signal: AbortSignal): Promise<void> {
    const { generation } = this.#store;
    const rows = list<EnvelopeRecord>(
      this.#store,
      eventsAfter(this.#space, null),
      { reverse: true, limit: 1, signal },
    );
    for await (const { key, value } of rows) {
      this.#tail = this.#head = {
        generation,
        versionstamp: parseEventsKey(key),
        index: value.ev.length - 1,
      };
    }
  }

  /** Reads on until the signal aborts; after `begin`. */
  async run(signal: AbortSignal): Promise<void> {
    const ring = new NextRing(this.#store.eventsBell, signal);
    while (!signal.aborted) {
      const rung = ring.arm();
      try {
        if (await this.#advance(signal)) continue;
        await orSleep(this.#store, rung, POLL_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn("Events could not be read and will be again", { error });
        await sleep(this.#store.clock, FAILED_PAUSE_MS, signal);
      }
    }
  }

  /** The events behind a place that are in memory; null when some of them are not any more. */
  itemsBehind(place: LivePlace): LiveItem[] | null {
    if (isBehind(this.#tail, place)) return null;
    const first = this.#items.findIndex((item) => isBehind(item.place, place));
    return first === -1 ? [] : this.#items.slice(first);
  }

  /** The next events behind a place, out of the store, and up to where that goes. */
  async readBehind(
    from: LivePlace,
    signal: AbortSignal,
  ): Promise<{ items: LiveItem[]; end: LivePlace }> {
    const { generation } = this.#store;
    const { versionstamp, index } = from;
    // The rest of the atomic in which the place lies comes first.
    const rows = await Array.fromAsync(list<EnvelopeRecord>(
      this.#store,
      eventsFrom(this.#space, versionstamp),
      { limit: ENVELOPES_PER_READ + 1, signal },
    ));
    const found = rows.flatMap(({ key, value }) => {
      const place = parseEventsKey(key);
      return value.ev.flatMap((event, at) => {
        const thread = threadOfEvent(event);
        const isHeard = place === versionstamp && at <= index;
        return isHeard ? [] : [{
          place: { generation, versionstamp: place, index: at },
          event,
          thread,
        }];
      });
    });
    const changed = found.flatMap(({ event, thread }) =>
      thread !== null && CHANGES_ROW.test(event.type) ? [thread] : []
    );
    const loaded = await this.#loadRows(
      this.#space,
      [...new Set(changed)],
      signal,
    );
    const items = found.map((item) => ({
      ...item,
      row: item.thread !== null && CHANGES_ROW.test(item.event.type)
        ? loaded.get(item.thread) ?? null
        : undefined,
    }));
    const last = rows.at(-1);
    if (last === undefined) return { items, end: from };
    const end = {
      generation,
      versionstamp: parseEventsKey(last.key),
      index: last.value.ev.length - 1,
    };
    return { items, end };
  }

  /** Whether events behind the place may have been deleted. */
  async isTrimmed(place: LivePlace, signal: AbortSignal): Promise<boolean> {
    const key = eventsTrimKey(this.#space);
    const { value } = await get<TrimRecord>(this.#store, key, { signal });
    return value !== null && value.vs > place.versionstamp;
  }

  /** Reads what is new; whether there was anything. */
  async #advance(signal: AbortSignal): Promise<boolean> {
    const { items, end } = await this.readBehind(this.#head, signal);
    if (!isBehind(end, this.#head)) return false;
    this.#items.push(...items);
    this.#head = end;
    const old = this.#items.splice(0, this.#items.length - MAX_ITEMS);
    if (old.length > 0) this.#tail = old[old.length - 1].place;
    this.fresh.ring();
    return true;
  }
}
