/** Sums of quarters of an hour, hours and days in the store, the longer ones in slices. */
import {
  type BlobManifest,
  type OpenBlobRecord,
  readBlob,
  writeBlob,
} from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import { StorageError } from "@/lib/errors.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, StoredValue, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type Cell, Cells } from "./rollup_cell.ts";
import { packCells, unpackCells } from "./rollup_codec.ts";
import { GRAINS_MS, KEPT_MS } from "./usage_grains.ts";
import { Turns } from "./turns.ts";
import {
  ALL,
  partitionsOf,
  QUARTER,
  type Slice,
  sliceCells,
  slicesOf,
} from "./usage_slices.ts";

/** A partition of a slice; where it is large, in a blob of parts of such lengths. */
interface SliceRecord extends Versioned {
  readonly v: 1;
  readonly cells?: Uint8Array;
  readonly blob?: BlobManifest;
  readonly lengths?: readonly number[];
}

/** That there is a sum, so that what is old is found without reading it. */
interface SumRecord extends Versioned {
  readonly v: 1;
  readonly requests: number;
  readonly token?: string;
}

/** A mark that somebody works on: whatever changes it meanwhile ends that work. */
export interface Held {
  readonly key: Deno.KvKey;
  versionstamp: string | null;
}

export interface SumPlace {
  space: string;
  grain: keys.UsageGrain;
  startMs: number;
}

/** Cells of a sum or a part of one, packed. */
export interface PackedPart {
  startMs: number;
  bytes: Uint8Array;
}

/** Bytes of one atomic, and its writes; the store takes 800 KiB and 1,000. */
const UNIT_BYTES = 400 * 1024;
const UNIT_WRITES = 300;

/** Rows fetched at a time: some have 48 KiB. */
const ROWS_PER_READ = 100;
/** From so many rows in a row on they are read as a range. */
const RANGE_ROWS = 12;
/** Sums that one sweep removes. */
const SWEPT_AT_A_TIME = 4;

export class UsageSums {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Writes a sum in place of what there is, in atomics that each hold what is being worked on. False:
   * somebody else has taken that, and is to write it anew.
   * @param closing goes into the last atomic, which alone makes the work done
   */
  async write(
    { space, grain, startMs }: SumPlace,
    cells: Cells,
    { held, owner, closing, signal }: {
      held: Held;
      owner: string;
      closing?: UnitOfWork;
      signal: AbortSignal;
    },
  ): Promise<boolean> {
    const headKey = keys.usageSumKey(space, grain, startMs);
    const head = await get<SumRecord>(this.#store, headKey, { signal });
    const isNew = head.versionstamp === null;
    const old = isNew ? [] : await this.#rows(space, grain, startMs, signal);
    const left = new Map(old.map((row) => [String(row.key), row]));
    let unit = new UnitOfWork();
    const ends: BlobManifest[] = [];
    const turns = new Turns();
    for (const slice of slicesOf(grain)) {
      const sliced = await sliceCells(slice, grain, cells.values(), turns);
      for (const [partition, own] of sliced) {
        if (turns.isOver) await turns.others();
        const key = keys.usageSliceKey(
          space,
          grain,
          slice.name,
          partition,
          startMs,
        );
        const record = await this.#record(slice, own, owner);
        const before = left.get(String(key))?.value?.blob;
        left.delete(String(key));
        if (before !== undefined) ends.push(before);
        if (record.blob !== undefined) {
          unit.delete(keys.openBlobKey(record.blob.blob));
        }
        unit.set(key, record);
        const isFull = unit.totalBytes > UNIT_BYTES ||
          unit.mutations.length > UNIT_WRITES;
        if (!isFull) continue;
        if (!await this.#commitHeld(unit, held, signal)) return false;
        unit = new UnitOfWork();
      }
    }
    for (const { key, value } of left.values()) {
      unit.delete(key);
      if (value?.blob !== undefined) ends.push(value.blob);
    }
    for (const { blob } of ends) {
      unit.set(
        keys.openBlobKey(blob),
        { v: 1, owner: null, isDeleted: true } satisfies OpenBlobRecord,
      );
    }
    const value: SumRecord = { v: 1, requests: cells.sum("requests") };
    unit.guard(headKey, head.versionstamp, value);
    if (closing === undefined) {
      return await this.#commitHeld(unit, held, signal);
    }
    unit.check(held.key, held.versionstamp).add(closing);
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** Commits together with a new version of what is held. */
  async #commitHeld(
    unit: UnitOfWork,
    held: Held,
    signal: AbortSignal,
  ): Promise<boolean> {
    unit.guard(held.key, held.versionstamp, { v: 1 } as StoredValue);
    const result = await commit(this.#store, unit, { signal });
    if (!result.ok) return false;
    held.versionstamp = result.versionstamp;
    return true;
  }

  /** All rows that a sum can have, those that are there. */
  async #rows(
    space: string,
    grain: keys.UsageGrain,
    startMs: number,
    signal: AbortSignal,
  ): Promise<Deno.KvEntryMaybe<SliceRecord>[]> {
    const wanted = slicesOf(grain).flatMap((slice) =>
      Array.from(
        { length: partitionsOf(slice, grain) },
        (_, partition) =>
          keys.usageSliceKey(space, grain, slice.name, partition, startMs),
      )
    );
    const found = await getMany<SliceRecord[]>(this.#store, wanted, { signal });
    return found.filter(({ versionstamp }) => versionstamp !== null);
  }

  async #record(
    slice: Slice,
    cells: Cells,
    owner: string,
  ): Promise<SliceRecord> {
    const parts = packCells(cells.sorted(), slice);
    if (parts.length === 1) return { v: 1, cells: parts[0] };
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    const blob = await writeBlob(this.#store, bytes, { owner });
    return { v: 1, blob, lengths: parts.map(({ length }) => length) };
  }

  /** When those sums begin that are there, from one on and before a time. */
  async starts(
    { space, grain, startMs }: SumPlace,
    toMs: number,
    signal: AbortSignal,
  ): Promise<number[]> {
    const rows = list(
      this.#store,
      keys.usageSums(space, grain, startMs, toMs),
      { signal },
    );
    const starts: number[] = [];
    for await (const { key } of rows) starts.push(keys.parseUsageSumKey(key));
    return starts;
  }

  /** All cells of the sums of a span of time, oldest first in each of several runs. */
  async *cells(
    grain: keys.UsageGrain,
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ startMs: number; cells: Iterable<Cell> }> {
    const slice = grain === "quarter" ? QUARTER : ALL;
    yield* this.#sliceCells(slice, grain, space, fromMs, toMs, signal);
  }

  /**
   * Names of those slices of a sum that do not hold what some cells come to.
   */
  async differences(
    { space, grain, startMs }: SumPlace,
    cells: Cells,
    signal: AbortSignal,
  ): Promise<string[]> {
    const different: string[] = [];
    const turns = new Turns();
    for (const slice of slicesOf(grain)) {
      const wanted = new Cells();
      const sliced = await sliceCells(slice, grain, cells.values(), turns);
      for (const own of sliced.values()) {
        if (turns.isOver) await turns.others();
        // As they are stored: some slices have no times.
        for (const part of packCells(own.values(), slice)) {
          for (const cell of unpackCells(part)) wanted.addCell(cell);
        }
      }
      const found = new Cells();
      const end = startMs + GRAINS_MS[grain];
      const rows = this.#sliceCells(slice, grain, space, startMs, end, signal);
      for await (const { cells: own } of rows) {
        if (turns.isOver) await turns.others();
        for (const cell of own) found.addCell(cell);
      }
      if (!wanted.equals(found)) different.push(slice.name);
    }
    return different;
  }

  async *#sliceCells(
    slice: Slice,
    grain: keys.UsageGrain,
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ startMs: number; cells: Iterable<Cell> }> {
    const { name } = slice;
    const partitions = partitionsOf(slice, grain);
    for (let partition = 0; partition < partitions; partition += 1) {
      const rows = list<SliceRecord>(
        this.#store,
        keys.usageSlices(space, grain, name, partition, fromMs, toMs),
        { batchSize: ROWS_PER_READ, signal },
      );
      for await (const { key, value } of rows) {
        const startMs = keys.parseUsageSumKey(key);
        for (const bytes of await this.#partsOf(value, signal)) {
          yield { startMs, cells: unpackCells(bytes) };
        }
      }
    }
  }

  /**
   * Reads one partition of a slice of the sums that begin at some moments, oldest first: what follows
   * each other as a range, what stands alone by its key.
   */
  async read(
    { space, grain, slice, partition, startsMs, lengthMs }: {
      space: string;
      grain: keys.UsageGrain;
      /** Null: all, of a quarter of an hour. */
      slice: Slice | null;
      partition: number;
      startsMs: readonly number[];
      lengthMs: number;
    },
    take: (part: PackedPart) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const name = slice?.name ?? QUARTER.name;
    const takeRow = async (startMs: number, record: SliceRecord) => {
      for (const bytes of await this.#partsOf(record, signal)) {
        take({ startMs, bytes });
      }
    };
    const alone: number[] = [];
    for (const run of runsOf(startsMs, lengthMs)) {
      if (run.length < RANGE_ROWS) {
        alone.push(...run);
        continue;
      }
      const rows = list<SliceRecord>(
        this.#store,
        keys.usageSlices(
          space,
          grain,
          name,
          partition,
          run[0],
          run.at(-1)! + lengthMs,
        ),
        { batchSize: ROWS_PER_READ, signal },
      );
      for await (const { key, value } of rows) {
        await takeRow(keys.parseUsageSumKey(key), value);
      }
    }
    if (alone.length === 0) return;
    const found = await getMany<SliceRecord[]>(
      this.#store,
      alone.map((startMs) =>
        keys.usageSliceKey(space, grain, name, partition, startMs)
      ),
      { signal },
    );
    for (const [place, { value }] of found.entries()) {
      if (value !== null) await takeRow(alone[place], value);
    }
  }

  async #partsOf(
    { cells, blob, lengths = [] }: SliceRecord,
    signal: AbortSignal,
  ): Promise<Uint8Array[]> {
    if (cells !== undefined) return [cells];
    const bytes = await readBlob(this.#store, blob!, { signal });
    if (bytes === null) {
      throw new StorageError("A sum of usage cannot be read.", {
        code: "usage_damaged",
      });
    }
    let at = 0;
    return lengths.map((length) => bytes.subarray(at, at += length));
  }

  /** Removes sums that are kept no longer; how many there were. */
  async sweep(
    space: string,
    grain: "quarter" | "hour",
    lane: Pick<Lane, "write">,
    signal: AbortSignal,
  ): Promise<number> {
    const beforeMs = this.#store.clock.now() - KEPT_MS[grain];
    const heads = await Array.fromAsync(
      list<SumRecord>(
        this.#store,
        keys.usageSums(space, grain, 0, beforeMs),
        { limit: SWEPT_AT_A_TIME, signal },
      ),
    );
    for (const { key } of heads) {
      const startMs = keys.parseUsageSumKey(key);
      const rows = await this.#rows(space, grain, startMs, signal);
      const blobs = rows.flatMap(({ value }) => value?.blob ?? []);
      await lane.write({
        sets: blobs.map(({ blob }) => ({
          key: keys.openBlobKey(blob),
          value: {
            v: 1,
            owner: null,
            isDeleted: true,
          } satisfies OpenBlobRecord,
        })),
        deletes: [key, ...rows.map((row) => row.key)],
        urgency: "soon",
      });
    }
    return heads.length;
  }
}

/** Moments that follow each other at a distance, together. */
function runsOf(startsMs: readonly number[], lengthMs: number): number[][] {
  const runs: number[][] = [];
  for (const startMs of startsMs) {
    const run = runs.at(-1);
    if (run?.at(-1) === startMs - lengthMs) run.push(startMs);
    else runs.push([startMs]);
  }
  return runs;
}
