import { type CounterAdd, measureCounter } from "./lane_counter.ts";
import {
  type AddressedEvent,
  ENVELOPE_BYTES,
  MAX_ENVELOPE_BYTES,
  measureEvent,
} from "./outbox.ts";
import { assertPageItem, type LedgerEntry, PAGE_ITEM_BYTES } from "./pages.ts";
import { measureSet, measureWrittenKey } from "./sizes.ts";
import type { StoredValue } from "./store.ts";

/** `now` leaves with the next batch; `soon` waits a little for company, or rides along. */
export type Urgency = "now" | "soon";

/** What a writer wants written: all of it in one atomic, sets before deletes. */
export interface LaneEntry {
  sets?: { key: Deno.KvKey; value: StoredValue; expireInMs?: number }[];
  deletes?: Deno.KvKey[];
  /** Chunks of the log, for the batch's log pages; see `Lane.trimLog`. */
  log?: readonly Uint8Array[];
  /** Rows for the ledger pages of the batch. */
  ledger?: readonly LedgerEntry[];
  /** Events for the envelopes of the batch. */
  events?: readonly AddressedEvent[];
  /** What counts with this entry; several in a batch that add to one counter write it once. */
  counters?: readonly CounterAdd[];
  urgency: Urgency;
}

/** Where an entry has been written. */
export interface LaneCommit {
  versionstamp: string;
  /** Number of the batch in its lane. */
  n: number;
}

/** Mutations. A batch closes at the first of three limits; the store's own leave room for the head. */
export const MAX_BATCH_MUTATIONS = 400;
/** Bytes of keys and values together. */
export const MAX_BATCH_BYTES = 600 * 1024;
/** Bytes of keys. */
export const MAX_BATCH_KEY_BYTES = 64 * 1024;

/** Bytes of the keys of a page, of a request's place and of an envelope with its notice, at most. */
const PAGE_KEY_BYTES = 160;
/** A page is at least so full before another one begins. */
const LEAST_PAGE_BYTES = 24 * 1024;

/** How much of a batch an entry takes. */
interface Size {
  mutations: number;
  /** Of keys and values together. */
  bytes: number;
  keyBytes: number;
}

/** An entry with its sizes, and the promise of its writer. */
export interface SizedEntry extends Size {
  entry: LaneEntry;
  /** Bytes of events by space; empty when there are none. */
  envelopes: ReadonlyMap<string, number>;
  /** When a `soon` entry is due, in milliseconds of the monotonic clock. */
  dueAt: number;
  done: PromiseWithResolvers<LaneCommit>;
}

/**
 * Measures an entry, so that one that cannot be written is told to its writer and to nobody else.
 * @throws {TypeError} that says what is wrong with it
 */
export function sizeEntry(entry: LaneEntry, dueAt: number): SizedEntry {
  const size: Size = { mutations: 0, bytes: 0, keyBytes: 0 };
  const add = (mutations: number, keyBytes: number, valueBytes: number) => {
    size.mutations += mutations;
    size.keyBytes += keyBytes;
    size.bytes += keyBytes + valueBytes;
  };
  for (const { key, value } of entry.sets ?? []) {
    const { keyBytes, valueBytes } = measureSet(key, value);
    add(1, keyBytes, valueBytes);
  }
  for (const key of entry.deletes ?? []) add(1, measureWrittenKey(key), 0);
  let logBytes = 0;
  for (const chunk of entry.log ?? []) {
    assertPageItem(chunk);
    logBytes += chunk.length + PAGE_ITEM_BYTES;
  }
  const logPages = Math.ceil(logBytes / LEAST_PAGE_BYTES);
  add(logPages, logPages * PAGE_KEY_BYTES, logBytes);
  for (const { row } of entry.ledger ?? []) {
    assertPageItem(row);
    add(2, 2 * PAGE_KEY_BYTES, row.length + PAGE_ITEM_BYTES);
  }
  // Marks that the pages are not folded yet.
  const ledgers = new Set(entry.ledger?.map(({ space }) => space)).size;
  add(ledgers, ledgers * PAGE_KEY_BYTES, ledgers * PAGE_ITEM_BYTES);
  for (const counted of entry.counters ?? []) {
    const keyBytes = measureWrittenKey(counted.counter.key);
    add(1, keyBytes, measureCounter(counted));
  }
  const envelopes = new Map<string, number>();
  for (const addressed of entry.events ?? []) {
    const bytes = measureEvent(addressed);
    const { space } = addressed;
    envelopes.set(space, (envelopes.get(space) ?? 0) + bytes);
    add(1, PAGE_KEY_BYTES, bytes + ENVELOPE_BYTES);
  }
  if (size.mutations === 0) throw new TypeError("Entry writes nothing");
  assertFits("mutations", size.mutations, MAX_BATCH_MUTATIONS);
  assertFits("bytes", size.bytes, MAX_BATCH_BYTES);
  assertFits("bytes of keys", size.keyBytes, MAX_BATCH_KEY_BYTES);
  for (const bytes of envelopes.values()) {
    assertFits("bytes of events", bytes, MAX_ENVELOPE_BYTES);
  }
  return { entry, ...size, envelopes, dueAt, done: Promise.withResolvers() };
}

function assertFits(what: string, is: number, limit: number): void {
  if (is > limit) {
    throw new TypeError(`Entry has "${is}" ${what}, more than "${limit}"`);
  }
}

/** Adds the events of an entry; false when an envelope would overflow by them. */
function fitsEnvelopes(
  envelopes: Map<string, number>,
  sized: SizedEntry,
): boolean {
  for (const [space, bytes] of sized.envelopes) {
    const sum = (envelopes.get(space) ?? 0) + bytes;
    if (sum > MAX_ENVELOPE_BYTES) return false;
    envelopes.set(space, sum);
  }
  return true;
}

/** The entries that wait for the lane, in the order they came. */
export class Batcher {
  #entries: SizedEntry[] = [];
  #urgent = 0;
  #mutations = 0;
  #bytes = 0;
  #keyBytes = 0;

  /** Entries that wait. */
  get length(): number {
    return this.#entries.length;
  }

  /** Puts an entry behind all others. */
  add(sized: SizedEntry): void {
    this.#entries.push(sized);
    this.#count(sized, 1);
  }

  /** Takes an entry out again. False: it is not here (any more). */
  remove(sized: SizedEntry): boolean {
    const index = this.#entries.indexOf(sized);
    if (index === -1) return false;
    this.#entries.splice(index, 1);
    this.#count(sized, -1);
    return true;
  }

  /** When the next batch is to leave, by the monotonic clock: `-Infinity` is at once, null never. */
  get dueAt(): number | null {
    if (this.#entries.length === 0) return null;
    const full = this.#mutations >= MAX_BATCH_MUTATIONS ||
      this.#bytes >= MAX_BATCH_BYTES || this.#keyBytes >= MAX_BATCH_KEY_BYTES;
    return full || this.#urgent > 0 ? -Infinity : this.#entries[0].dueAt;
  }

  /** The oldest entries, as many as fit one batch; they are no longer here then. */
  take(): SizedEntry[] {
    let mutations = 0;
    let bytes = 0;
    let keyBytes = 0;
    let taken = 0;
    const envelopes = new Map<string, number>();
    for (const sized of this.#entries) {
      mutations += sized.mutations;
      bytes += sized.bytes;
      keyBytes += sized.keyBytes;
      if (
        mutations > MAX_BATCH_MUTATIONS || bytes > MAX_BATCH_BYTES ||
        keyBytes > MAX_BATCH_KEY_BYTES || !fitsEnvelopes(envelopes, sized)
      ) break;
      taken += 1;
    }
    const batch = this.#entries.splice(0, taken);
    for (const sized of batch) this.#count(sized, -1);
    return batch;
  }

  /** Everything, whatever fits. */
  takeAll(): SizedEntry[] {
    const all = this.#entries;
    this.#entries = [];
    for (const sized of all) this.#count(sized, -1);
    return all;
  }

  #count(sized: SizedEntry, sign: 1 | -1): void {
    if (sized.entry.urgency === "now") this.#urgent += sign;
    this.#mutations += sign * sized.mutations;
    this.#bytes += sign * sized.bytes;
    this.#keyBytes += sign * sized.keyBytes;
  }
}
