import { measureSet, measureWrittenKey } from "./sizes.ts";
import type { StoredValue } from "./store.ts";

/** `now` leaves with the next batch; `soon` waits a little for company, or rides along. */
export type Urgency = "now" | "soon";

/** What a writer wants written: all of it in one atomic, sets before deletes. */
export interface LaneEntry {
  sets?: { key: Deno.KvKey; value: StoredValue; expireInMs?: number }[];
  deletes?: Deno.KvKey[];
  urgency: Urgency;
}

/** Mutations. A batch closes at the first of three limits; the store's own leave room for the head. */
export const MAX_BATCH_MUTATIONS = 400;
/** Bytes of keys and values together. */
export const MAX_BATCH_BYTES = 600 * 1024;
/** Bytes of keys. */
export const MAX_BATCH_KEY_BYTES = 64 * 1024;

/** An entry with its sizes, and the promise of its writer. */
export interface SizedEntry {
  entry: LaneEntry;
  mutations: number;
  bytes: number;
  keyBytes: number;
  /** When a `soon` entry is due, in milliseconds of the monotonic clock. */
  dueAt: number;
  done: PromiseWithResolvers<{ versionstamp: string }>;
}

/**
 * Measures an entry, so that one that cannot be written is told to its writer and to nobody else.
 * @throws {TypeError} that says what is wrong with it
 */
export function sizeEntry(entry: LaneEntry, dueAt: number): SizedEntry {
  let keyBytes = 0;
  let valueBytes = 0;
  for (const { key, value } of entry.sets ?? []) {
    const size = measureSet(key, value);
    keyBytes += size.keyBytes;
    valueBytes += size.valueBytes;
  }
  for (const key of entry.deletes ?? []) keyBytes += measureWrittenKey(key);
  const mutations = (entry.sets?.length ?? 0) + (entry.deletes?.length ?? 0);
  const bytes = keyBytes + valueBytes;
  if (mutations === 0) throw new TypeError("Entry writes nothing");
  assertFits("mutations", mutations, MAX_BATCH_MUTATIONS);
  assertFits("bytes", bytes, MAX_BATCH_BYTES);
  assertFits("bytes of keys", keyBytes, MAX_BATCH_KEY_BYTES);
  return {
    entry,
    mutations,
    bytes,
    keyBytes,
    dueAt,
    done: Promise.withResolvers(),
  };
}

function assertFits(what: string, is: number, limit: number): void {
  if (is > limit) {
    throw new TypeError(`Entry has "${is}" ${what}, more than "${limit}"`);
  }
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
    for (const sized of this.#entries) {
      mutations += sized.mutations;
      bytes += sized.bytes;
      keyBytes += sized.keyBytes;
      if (
        mutations > MAX_BATCH_MUTATIONS || bytes > MAX_BATCH_BYTES ||
        keyBytes > MAX_BATCH_KEY_BYTES
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
