/** Sums of usage in the store: minutes as their writers have folded them, hours and days out of those. */
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import { type BlobManifest, readBlob, writeBlob } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import { StorageError } from "@/lib/errors.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { LedgerPageRecord, UnfoldedRecord } from "@/lib/kv/pages.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { decodeLedgerRow } from "./ledger_row.ts";
import { type Cell, Cells } from "./rollup_cell.ts";
import { packCells, unpackCells } from "./rollup_codec.ts";

export const MINUTE_MS = 60_000;
export const QUARTER_MS = 15 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What one writer has folded of a minute of a workspace. */
export interface MinuteSums {
  space: string;
  startMs: number;
  /** Nobody else writes sums of this name. */
  writer: string;
  parts: Uint8Array[];
}

/** Names the mark of what a batch has written into the ledger of a workspace. */
export interface UnfoldedMark {
  incarnation: string;
  space: string;
  n: number;
}

/** A part of the sums of a minute. */
interface MinuteRecord extends Versioned {
  readonly v: 1;
  readonly cells: Uint8Array;
}

/** The sums of an hour or a day; where they are large, in blobs of one part of cells each. */
interface SumRecord extends Versioned {
  readonly v: 1;
  readonly cells?: Uint8Array;
  readonly blobs?: readonly BlobManifest[];
  readonly token?: string;
}

interface StaleRecord extends Versioned {
  readonly v: 1;
  readonly token: string;
}

/** Lengths of time that are added up from shorter ones, in milliseconds; shortest first. */
export const GRAINS_MS: Readonly<Record<keys.UsageGrain, number>> = {
  quarter: QUARTER_MS,
  hour: HOUR_MS,
  day: DAY_MS,
};

/** How long sums are kept, in milliseconds; days are for ever. */
export const KEPT_MS = {
  minute: 2 * DAY_MS,
  quarter: 90 * DAY_MS,
  hour: 90 * DAY_MS,
} as const;

/** Of what a sum is added up, and which one it is a part of. */
const CHAIN = {
  quarter: { part: "minute", whole: "hour" },
  hour: { part: "quarter", whole: "day" },
  day: { part: "hour", whole: null },
} as const;

/** So long before its minutes go a sum is no longer made anew, but added to. */
const LATE_MARGIN_MS = 8 * HOUR_MS;

function startOf(grain: keys.UsageGrain, atMs: number): number {
  return atMs - atMs % GRAINS_MS[grain];
}

/** Rows of a minute's sums, and the mark that its quarter of an hour does not hold them. */
function minuteRows({ space, startMs, writer, parts }: MinuteSums) {
  const stale: StaleRecord = { v: 1, token: newToken() };
  return [
    ...parts.map((cells, part) => ({
      key: keys.usageMinuteKey(space, startMs, writer, part),
      value: { v: 1, cells } satisfies MinuteRecord,
    })),
    {
      key: keys.staleUsageKey("quarter", startOf("quarter", startMs), space),
      value: stale,
    },
  ];
}

/** What a lane writes when it has folded batches of its own. */
export function foldEntry(
  sums: readonly MinuteSums[],
  marks: readonly UnfoldedMark[],
): LaneEntry {
  return {
    sets: sums.flatMap(minuteRows),
    deletes: marks.map(({ incarnation, space, n }) =>
      keys.unfoldedKey(incarnation, space, n)
    ),
    urgency: "soon",
  };
}

/** Cells of a minute, a sum, or a part of one. */
export interface SummedPart {
  startMs: number;
  key: Deno.KvKey;
  cells: Iterable<Cell>;
}

/** A mark as it was read. */
interface LoadedMark {
  mark: UnfoldedMark;
  key: Deno.KvKey;
  versionstamp: string;
  record: UnfoldedRecord;
}

/** Rows that one sweep removes of a space. */
const SWEPT_AT_A_TIME = 100;

/** Marks folded in one atomic: each takes a check. */
const MARKS_PER_UNIT = 8;

export class UsageStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /** All workspaces, by id. */
  async *workspaces(signal: AbortSignal): AsyncGenerator<string> {
    const rows = list<{ id: string } & Versioned>(
      this.#store,
      keys.workspaces(),
      { signal },
    );
    for await (const { value } of rows) yield value.id;
  }

  /** Writers that have left something unfolded, but for one. */
  async unfolded(but: string, signal: AbortSignal): Promise<string[]> {
    const writers: string[] = [];
    let after: string | null = null;
    while (true) {
      const [row] = await Array.fromAsync(
        list(this.#store, keys.unfoldedAfter(after), { limit: 1, signal }),
      ) as Deno.KvEntry<UnfoldedRecord>[];
      if (row === undefined) return writers;
      after = keys.parseUnfoldedKey(row.key).incarnation;
      if (after !== but) writers.push(after);
    }
  }

  /** Whether somebody can still write under this name. */
  async isAlive(incarnation: string, signal: AbortSignal): Promise<boolean> {
    const fence = await get(this.#store, keys.fenceKey(incarnation), {
      signal,
    });
    return fence.versionstamp !== null;
  }

  /** Folds what a writer has left who can write no more; how many batches there were. */
  async foldLeft(incarnation: string, signal: AbortSignal): Promise<number> {
    let folded = 0;
    while (true) {
      const rows = await Array.fromAsync(
        list<UnfoldedRecord>(this.#store, keys.unfoldedOf(incarnation), {
          limit: MARKS_PER_UNIT,
          signal,
        }),
      );
      if (rows.length === 0) return folded;
      await this.#foldMarks(
        rows.map(({ key, value, versionstamp }) => ({
          mark: keys.parseUnfoldedKey(key),
          key,
          versionstamp,
          record: value,
        })),
        signal,
      );
      folded += rows.length;
    }
  }

  async #foldMarks(
    marks: readonly LoadedMark[],
    signal: AbortSignal,
  ): Promise<void> {
    const minutes = new Map<string, { sums: MinuteSums; cells: Cells }>();
    for (const { mark, record } of marks) {
      const startMs = record.at - record.at % MINUTE_MS;
      const name = `${mark.space} ${startMs}`;
      let minute = minutes.get(name);
      if (minute === undefined) {
        // Marks are folded once, so nobody else has a name with the first of them.
        const writer = `${mark.incarnation}!${mark.n}`;
        const sums = { space: mark.space, startMs, writer, parts: [] };
        minutes.set(name, minute = { sums, cells: new Cells() });
      }
      await this.#addPages(mark, record, minute.cells, signal);
    }
    const unit = new UnitOfWork();
    for (const { key, versionstamp } of marks) {
      unit.check(key, versionstamp).delete(key);
    }
    for (const [place, { sums, cells }] of [...minutes.values()].entries()) {
      const parts = packCells(cells.values());
      const [first, ...rest] = minuteRows({ ...sums, parts });
      // The first of the new rows tells what became of the commit.
      if (place === 0) unit.guard(first.key, null, first.value);
      else unit.set(first.key, first.value);
      for (const { key, value } of rest) unit.set(key, value);
    }
    await commit(this.#store, unit, { signal });
  }

  async #addPages(
    { incarnation, space, n }: UnfoldedMark,
    { at, pages }: UnfoldedRecord,
    cells: Cells,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = Array.from(
      { length: pages },
      (_, page) => keys.ledgerPageKey(space, at, incarnation, n, page),
    );
    const found = await getMany<LedgerPageRecord[]>(this.#store, wanted, {
      signal,
    });
    for (const { value } of found) {
      for (const row of value?.rows ?? []) cells.addRow(decodeLedgerRow(row));
    }
  }

  /** Sums that lack something and began before a time. */
  async stale(
    grain: keys.UsageGrain,
    beforeMs: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ startMs: number; space: string }[]> {
    const rows = list(this.#store, keys.staleUsage(grain, beforeMs), {
      limit,
      signal,
    });
    const stale: { startMs: number; space: string }[] = [];
    for await (const { key } of rows) stale.push(keys.parseStaleUsageKey(key));
    return stale;
  }

  /**
   * Adds up a sum from its parts anew. Minutes that have come so late that others of them may be gone are
   * added to what the sums hold.
   */
  async sumUp(
    grain: keys.UsageGrain,
    space: string,
    startMs: number,
    { owner, signal }: { owner: string; signal: AbortSignal },
  ): Promise<void> {
    const staleKey = keys.staleUsageKey(grain, startMs, space);
    const stale = await get<StaleRecord>(this.#store, staleKey, { signal });
    if (stale.versionstamp === null) return;
    const { part, whole } = CHAIN[grain];
    const endMs = startMs + GRAINS_MS[grain];
    const cells = new Cells();
    const read: Deno.KvKey[] = [];
    const parts = part === "minute"
      ? this.minutes(space, startMs, endMs, signal)
      : this.sums(part, space, startMs, endMs, signal);
    for await (const { cells: own, key } of parts) {
      for (const cell of own) cells.addCell(cell);
      read.push(key);
    }
    const unit = new UnitOfWork()
      .check(staleKey, stale.versionstamp).delete(staleKey);
    const isLate = part === "minute" &&
      this.clock.now() - startMs > KEPT_MS.minute - LATE_MARGIN_MS;
    if (isLate) {
      for (const each of ["quarter", "hour", "day"] as const) {
        const at = startOf(each, startMs);
        await this.#put(unit, each, space, at, cells, {
          owner,
          signal,
          isAdded: true,
        });
      }
      // They count once.
      for (const key of read) unit.delete(key);
    } else {
      await this.#put(unit, grain, space, startMs, cells, { owner, signal });
      if (whole !== null) {
        const next = keys.staleUsageKey(whole, startOf(whole, startMs), space);
        unit.set(next, { v: 1, token: newToken() } satisfies StaleRecord);
      }
    }
    await commit(this.#store, unit, { signal });
  }

  /** Writes a sum: these cells, or what it held and these. */
  async #put(
    unit: UnitOfWork,
    grain: keys.UsageGrain,
    space: string,
    startMs: number,
    cells: Cells,
    { owner, signal, isAdded = false }: {
      owner: string;
      signal: AbortSignal;
      isAdded?: boolean;
    },
  ): Promise<void> {
    const key = keys.usageSumKey(space, grain, startMs);
    const old = await get<SumRecord>(this.#store, key, { signal });
    let sum = cells;
    if (isAdded && old.value !== null) {
      sum = new Cells();
      for await (const own of this.#partsOf(old.value, signal)) {
        for (const cell of own) sum.addCell(cell);
      }
      for (const cell of cells.values()) sum.addCell(cell);
    }
    const record = await this.#sumRecord(sum, owner);
    unit.guard(key, old.versionstamp, record);
    for (const { blob } of record.blobs ?? []) {
      unit.delete(keys.openBlobKey(blob));
    }
    for (const { blob, parts } of old.value?.blobs ?? []) {
      for (let part = 0; part < parts; part += 1) {
        unit.delete(keys.blobPartKey(blob, part));
      }
    }
  }

  async #sumRecord(cells: Cells, owner: string): Promise<SumRecord> {
    const parts = packCells(cells.values());
    if (parts.length <= 1) return { v: 1, cells: parts[0] };
    const blobs = await Promise.all(
      parts.map((part) => writeBlob(this.#store, part, { owner })),
    );
    return { v: 1, blobs };
  }

  /** The parts of the minutes of a span of time. */
  async *minutes(
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<SummedPart> {
    const rows = list<MinuteRecord>(
      this.#store,
      keys.usageMinutes(space, fromMs, toMs),
      { signal },
    );
    for await (const { key, value } of rows) {
      yield { startMs: Number(key[2]), key, cells: unpackCells(value.cells) };
    }
  }

  /** The parts of the sums of a span of time. */
  async *sums(
    grain: keys.UsageGrain,
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<SummedPart> {
    const rows = list<SumRecord>(
      this.#store,
      keys.usageSums(space, grain, fromMs, toMs),
      { signal },
    );
    for await (const { key, value } of rows) {
      const startMs = Number(key[2]);
      for await (const cells of this.#partsOf(value, signal)) {
        yield { startMs, key, cells };
      }
    }
  }

  async *#partsOf(
    { cells, blobs = [] }: SumRecord,
    signal: AbortSignal,
  ): AsyncGenerator<Iterable<Cell>> {
    if (cells !== undefined) yield unpackCells(cells);
    for (const manifest of blobs) {
      const bytes = await readBlob(this.#store, manifest, { signal });
      if (bytes === null) {
        throw new StorageError("A sum of usage cannot be read.", {
          code: "usage_damaged",
        });
      }
      yield unpackCells(bytes);
    }
  }

  /** Removes sums that are kept no longer; how many rows there were. */
  async sweep(
    space: string,
    grain: keyof typeof KEPT_MS,
    lane: Pick<Lane, "write">,
    signal: AbortSignal,
  ): Promise<number> {
    const beforeMs = this.clock.now() - KEPT_MS[grain];
    const selector = grain === "minute"
      ? keys.usageMinutes(space, 0, beforeMs)
      : keys.usageSums(space, grain, 0, beforeMs);
    const rows = list<SumRecord>(this.#store, selector, {
      limit: SWEPT_AT_A_TIME,
      signal,
    });
    const deletes: Deno.KvKey[] = [];
    for await (const { key, value } of rows) {
      deletes.push(key);
      for (const { blob, parts } of value.blobs ?? []) {
        for (let part = 0; part < parts; part += 1) {
          deletes.push(keys.blobPartKey(blob, part));
        }
      }
    }
    if (deletes.length > 0) await lane.write({ deletes, urgency: "soon" });
    return deletes.length;
  }
}
