/** Sums of usage in the store: minutes as their writers have folded them, hours and days out of those. */
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import { commit } from "@/lib/kv/commit.ts";
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
import { UsageDays } from "./usage_days_store.ts";
import {
  CHAIN,
  DAY_MS,
  GRAINS,
  GRAINS_MS,
  HOUR_MS,
  KEPT_MS,
  MINUTE_MS,
  startOf,
} from "./usage_grains.ts";
import { Turns } from "./turns.ts";
import { type PackedPart, UsageSums } from "./usage_sums_store.ts";

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

interface StaleRecord extends Versioned {
  readonly v: 1;
  readonly token: string;
}

/**
 * So long before the parts of a sum go it is no longer made of them, since some of them may be gone, but
 * of the ledger.
 */
const LATE_MARGIN_MS = 8 * HOUR_MS;

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
  readonly sums: UsageSums;
  /** Days made of the ledger. */
  readonly days: UsageDays;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.sums = new UsageSums(store);
    this.days = new UsageDays(store, this.sums);
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
   * What of a day of a workspace waits to be added up, each as its grain and beginning: a sum does so, too,
   * while one of its parts does, or pages of the ledger that nobody has folded.
   */
  async pending(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const pending = new Set<string>();
    const add = (from: keys.UsageGrain, atMs: number) => {
      for (const grain of GRAINS.slice(GRAINS.indexOf(from))) {
        pending.add(`${grain} ${startOf(grain, atMs)}`);
      }
    };
    // Before the marks of sums, which those who fold leave behind.
    const unfolded = list<UnfoldedRecord>(
      this.#store,
      keys.unfoldedAfter(null),
      { signal },
    );
    for await (const { key, value } of unfolded) {
      if (keys.parseUnfoldedKey(key).space === space) add("quarter", value.at);
    }
    for (const grain of GRAINS) {
      const rows = list(
        this.#store,
        keys.staleUsageOf(grain, dayMs, dayMs + DAY_MS),
        { signal },
      );
      for await (const { key } of rows) {
        const mark = keys.parseStaleUsageKey(key);
        if (mark.space === space) add(grain, mark.startMs);
      }
    }
    return pending;
  }

  /** Adds up a sum from its parts anew, or, where they may be gone, its whole day from the ledger. */
  async sumUp(
    grain: keys.UsageGrain,
    space: string,
    startMs: number,
    { owner, signal }: { owner: string; signal: AbortSignal },
  ): Promise<void> {
    const { part, whole } = CHAIN[grain];
    const ageMs = this.clock.now() - startMs;
    if (ageMs > KEPT_MS[part] - LATE_MARGIN_MS) {
      const dayMs = startOf("day", startMs);
      await this.days.rebuild(space, dayMs, { owner, signal });
      return;
    }
    const key = keys.staleUsageKey(grain, startMs, space);
    const { versionstamp } = await get<StaleRecord>(this.#store, key, {
      signal,
    });
    if (versionstamp === null) return;
    const held = { key, versionstamp };
    const cells = new Cells();
    const endMs = startMs + GRAINS_MS[grain];
    const parts = part === "minute"
      ? this.minutes(space, startMs, endMs, signal)
      : this.sums.cells(part, space, startMs, endMs, signal);
    const turns = new Turns();
    for await (const { cells: own } of parts) {
      if (turns.isOver) await turns.others();
      for (const cell of own) cells.addCell(cell);
    }
    const closing = new UnitOfWork().delete(key);
    if (whole !== null) {
      const next = keys.staleUsageKey(whole, startOf(whole, startMs), space);
      closing.set(next, { v: 1, token: newToken() } satisfies StaleRecord);
    }
    await this.sums.write({ space, grain, startMs }, cells, {
      held,
      owner,
      closing,
      signal,
    });
  }

  /** The parts of the minutes of a span of time, packed. */
  async *packedMinutes(
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<PackedPart> {
    const rows = list<MinuteRecord>(
      this.#store,
      keys.usageMinutes(space, fromMs, toMs),
      { signal },
    );
    for await (const { key, value } of rows) {
      yield { startMs: Number(key[2]), bytes: value.cells };
    }
  }

  /** The parts of the minutes of a span of time. */
  async *minutes(
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<SummedPart> {
    const parts = this.packedMinutes(space, fromMs, toMs, signal);
    for await (const { startMs, bytes } of parts) {
      yield { startMs, cells: unpackCells(bytes) };
    }
  }

  /** Removes minutes that are kept no longer; how many rows there were. */
  async sweepMinutes(
    space: string,
    lane: Pick<Lane, "write">,
    signal: AbortSignal,
  ): Promise<number> {
    const beforeMs = this.clock.now() - KEPT_MS.minute;
    const rows = await Array.fromAsync(
      list(this.#store, keys.usageMinutes(space, 0, beforeMs), {
        limit: SWEPT_AT_A_TIME,
        signal,
      }),
    );
    const deletes = rows.map(({ key }) => key);
    if (deletes.length > 0) await lane.write({ deletes, urgency: "soon" });
    return deletes.length;
  }
}
