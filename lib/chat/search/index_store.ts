/**
 * The search index of a space in the store: a record that lists its segments, oldest first, and the
 * segments in immutable parts under ids that are never used again. A segment that no list names is not
 * there for any reader; it is swept later.
 */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import {
  parseSearchSegmentKey,
  searchIndexKey,
  searchSegmentKey,
  searchSegments,
  searchSweepKey,
} from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

export interface SegmentEntry {
  readonly id: string;
  readonly parts: number;
  readonly bytes: number;
}

export interface IndexRecord extends Versioned {
  readonly v: 1;
  /** Oldest first. */
  readonly segments: readonly SegmentEntry[];
  readonly token?: string;
}

export interface LoadedIndex {
  segments: readonly SegmentEntry[];
  /** Null: the space has no index. */
  versionstamp: string | null;
}

interface PartRecord extends Versioned {
  readonly v: 1;
  readonly bytes: Uint8Array;
}

const PART_BYTES = 48 * 1024;
/** Parts of a segment that travel in the unit that lists it; more are written before, in their own. */
const PARTS_IN_UNIT = 4;
const DELETES_PER_UNIT = 250;
/** A segment that no list names may be one that is being written. */
const SWEPT_AFTER_MS = 60 * 60 * 1_000;
const TIME_DIGITS = 9;

/** Where an index is: one of threads and one of documents stand side by side. */
export interface IndexKeys {
  index: (space: string) => Deno.KvKey;
  segment: (space: string, segment: string, part: number) => Deno.KvKey;
  segments: (
    space: string,
    after: string | null,
    itself?: boolean,
  ) => Deno.KvListSelector;
  sweep: (space: string) => Deno.KvKey;
}

const THREAD_KEYS: IndexKeys = {
  index: searchIndexKey,
  segment: searchSegmentKey,
  segments: searchSegments,
  sweep: searchSweepKey,
};

/** The unit in which an index changes together with something else. */
export type IndexUnit = UnitOfWork;

export class IndexStore {
  readonly #store: Store;
  readonly #keys: IndexKeys;

  constructor(store: Store, keys = THREAD_KEYS) {
    this.#store = store;
    this.#keys = keys;
  }

  /** Milliseconds that only grow. */
  now(): number {
    return this.#store.clock.monotonic();
  }

  async load(space: string, signal?: AbortSignal): Promise<LoadedIndex> {
    const { value, versionstamp } = await get<IndexRecord>(
      this.#store,
      this.#keys.index(space),
      { signal },
    );
    return { segments: value?.segments ?? [], versionstamp };
  }

  /** The bytes of a segment; null when it has been swept. */
  async readSegment(
    space: string,
    { id, parts, bytes }: SegmentEntry,
    signal?: AbortSignal,
  ): Promise<Uint8Array | null> {
    const keys = Array.from(
      { length: parts },
      (_, part) => this.#keys.segment(space, id, part),
    );
    const whole = new Uint8Array(bytes);
    let at = 0;
    const entries = await getMany<PartRecord[]>(this.#store, keys, { signal });
    for (const { value } of entries) {
      if (value === null || at + value.bytes.length > bytes) return null;
      whole.set(value.bytes, at);
      at += value.bytes.length;
    }
    return at === bytes ? whole : null;
  }

  /**
   * Adds to the unit that the index has these segments, and behind them one of these bytes (null: none)
   * from now on. The unit counts only if the index is as it was loaded.
   * @throws {StorageError} when a part could not be stored
   */
  async change(
    unit: IndexUnit,
    space: string,
    { versionstamp }: LoadedIndex,
    kept: readonly SegmentEntry[],
    added: Uint8Array | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const segments = [...kept];
    if (added !== null) {
      segments.push(await this.#stage(unit, space, added, signal));
    }
    const record: IndexRecord = { v: 1, segments };
    unit.guard(this.#keys.index(space), versionstamp, record);
  }

  /** The same in a unit of its own; false when the index had changed. */
  async replace(
    space: string,
    index: LoadedIndex,
    kept: readonly SegmentEntry[],
    added: Uint8Array,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const unit = new UnitOfWork();
    await this.change(unit, space, index, kept, added, signal);
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** Deletes segments that no list has named for long. */
  async sweep(space: string, signal: AbortSignal): Promise<void> {
    const before = newSegmentId(this.#store.clock.now() - SWEPT_AFTER_MS)
      .slice(0, TIME_DIGITS);
    const old: string[] = [];
    for (let after: string | null = null;;) {
      const [row]: Deno.KvEntry<unknown>[] = await Array.fromAsync(
        list(this.#store, this.#keys.segments(space, after), {
          limit: 1,
          signal,
        }),
      );
      if (row === undefined) break;
      after = parseSearchSegmentKey(row.key).segment;
      if (after.slice(0, TIME_DIGITS) >= before) break;
      old.push(after);
    }
    if (old.length === 0) return;
    // Read after the segments: what is listed later has a newer id.
    const { segments } = await this.load(space, signal);
    const listed = new Set(segments.map(({ id }) => id));
    for (const segment of old.filter((id) => !listed.has(id))) {
      await this.#delete(space, segment, signal);
    }
  }

  /** Puts a segment into the unit when it is small, else into units of its own. */
  async #stage(
    unit: IndexUnit,
    space: string,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<SegmentEntry> {
    const id = newSegmentId(this.#store.clock.now());
    const parts = Math.ceil(bytes.length / PART_BYTES);
    const isInUnit = parts <= PARTS_IN_UNIT;
    for (let first = 0; first < parts; first += PARTS_IN_UNIT) {
      const own = isInUnit ? unit : new UnitOfWork();
      const end = Math.min(first + PARTS_IN_UNIT, parts);
      for (let part = first; part < end; part += 1) {
        const key = this.#keys.segment(space, id, part);
        // A copy, since a view would be stored together with all of its buffer.
        const value: PartRecord = {
          v: 1,
          bytes: bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
        };
        if (isInUnit) own.set(key, value);
        else own.guard(key, null, value);
      }
      if (isInUnit) continue;
      const { ok } = await commit(this.#store, own, { signal });
      if (!ok) throw new StorageError(`Segment "${id}" exists already`);
    }
    return { id, parts, bytes: bytes.length };
  }

  async #delete(
    space: string,
    segment: string,
    signal: AbortSignal,
  ): Promise<void> {
    while (true) {
      const sweep = await get(this.#store, this.#keys.sweep(space), {
        signal,
      });
      const rows = list(
        this.#store,
        this.#keys.segments(space, segment, true),
        { limit: DELETES_PER_UNIT, batchSize: 20, signal },
      );
      const keys: Deno.KvKey[] = [];
      for await (const { key } of rows) {
        if (parseSearchSegmentKey(key).segment !== segment) break;
        keys.push(key);
      }
      if (keys.length === 0) return;
      const unit = new UnitOfWork()
        .guard(this.#keys.sweep(space), sweep.versionstamp, { v: 1 });
      for (const key of keys) unit.delete(key);
      if (!(await commit(this.#store, unit, { signal })).ok) return;
    }
  }
}

/** An id that sorts by the time it was made. */
function newSegmentId(nowMs: number): string {
  return nowMs.toString(36).padStart(TIME_DIGITS, "0") + newToken();
}
