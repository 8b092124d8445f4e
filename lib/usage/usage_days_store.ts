/** Sums of a day made of its ledger, whatever became of the marks and the shorter sums. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { Ledger } from "./ledger_store.ts";
import { Cells } from "./rollup_cell.ts";
import { DAY_MS, GRAINS_MS, KEPT_MS, startOf } from "./usage_grains.ts";
import { Turns } from "./turns.ts";
import type { Held, UsageSums } from "./usage_sums_store.ts";

/** Marks removed in one atomic: each takes a check. */
const MARKS_PER_UNIT = 8;

/** That a shorter sum lacks something. */
interface Mark {
  key: Deno.KvKey;
  versionstamp: string;
  endMs: number;
}

export class UsageDays {
  readonly #store: Store;
  readonly #sums: UsageSums;
  readonly #ledger: Ledger;

  constructor(store: Store, sums: UsageSums) {
    this.#store = store;
    this.#sums = sums;
    this.#ledger = new Ledger(store);
  }

  /** When the first page of a workspace's ledger was written; null: there is none. */
  async firstPageMs(
    space: string,
    signal: AbortSignal,
  ): Promise<number | null> {
    const rows = list(this.#store, keys.ledgerPages(space, 0, Infinity), {
      limit: 1,
      signal,
    });
    for await (const { key } of rows) return Number(key[2]);
    return null;
  }

  /** Folds a day of the ledger: the cells of each quarter of an hour. */
  async fold(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<Map<number, Cells>> {
    const quarters = new Map<number, Cells>();
    const turns = new Turns();
    const pages = this.#ledger.pages(space, dayMs, dayMs + DAY_MS, signal);
    for await (const { atMs, rows } of pages) {
      const startMs = startOf("quarter", atMs);
      let cells = quarters.get(startMs);
      if (cells === undefined) quarters.set(startMs, cells = new Cells());
      for (const row of rows) cells.addRow(row);
      if (turns.isOver) await turns.others();
    }
    return quarters;
  }

  /**
   * Makes the sums of a day anew, as far as they are kept: absolute, so that doing it once more changes
   * nothing. False: something came meanwhile, and it is to be done again.
   */
  async rebuild(
    space: string,
    dayMs: number,
    { owner, signal }: { owner: string; signal: AbortSignal },
  ): Promise<boolean> {
    const held = await this.#hold(space, dayMs, signal);
    if (held === null) return false;
    const marks = await this.#marks(space, dayMs, signal);
    const quarters = await this.fold(space, dayMs, signal);
    const nowMs = this.#store.clock.now();
    for (const grain of ["quarter", "hour"] as const) {
      if (nowMs - dayMs - DAY_MS > KEPT_MS[grain]) continue;
      const sums = Map.groupBy(
        quarters,
        ([startMs]) => startOf(grain, startMs),
      );
      const there = await this.#sums.starts(
        { space, grain, startMs: dayMs },
        dayMs + DAY_MS,
        signal,
      );
      for (const startMs of new Set([...sums.keys(), ...there])) {
        // What goes on is not to be found before it has ended.
        if (startMs + GRAINS_MS[grain] > nowMs) continue;
        const parts = sums.get(startMs) ?? [];
        const cells = await addUp(parts.map(([, own]) => own));
        const place = { space, grain, startMs };
        if (!await this.#sums.write(place, cells, { held, owner, signal })) {
          return false;
        }
      }
    }
    if (!await this.#release(held, marks, nowMs, signal)) return false;
    // A day that goes on is added up when it has ended.
    if (dayMs + DAY_MS > nowMs) return true;
    const day = { space, grain: "day", startMs: dayMs } as const;
    return await this.#sums.write(day, await addUp([...quarters.values()]), {
      held,
      owner,
      closing: new UnitOfWork().delete(held.key),
      signal,
    });
  }

  /** Marks the day as one that is worked on; null: somebody else was faster. */
  async #hold(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<Held | null> {
    const key = keys.staleUsageKey("day", dayMs, space);
    const { versionstamp } = await get(this.#store, key, { signal });
    const unit = new UnitOfWork().guard(key, versionstamp, { v: 1 });
    const result = await commit(this.#store, unit, { signal });
    return result.ok ? { key, versionstamp: result.versionstamp } : null;
  }

  /** Marks of shorter sums of the day, which it makes superfluous. */
  async #marks(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<Mark[]> {
    const marks: Mark[] = [];
    for (const grain of ["quarter", "hour"] as const) {
      const rows = list(
        this.#store,
        keys.staleUsageOf(grain, dayMs, dayMs + DAY_MS),
        { signal },
      );
      for await (const { key, versionstamp } of rows) {
        const mark = keys.parseStaleUsageKey(key);
        if (mark.space !== space) continue;
        const endMs = mark.startMs + GRAINS_MS[grain];
        marks.push({ key, versionstamp, endMs });
      }
    }
    return marks;
  }

  /** Removes marks of what has ended and that are as they were when the ledger was read. */
  async #release(
    held: Held,
    marks: readonly Mark[],
    nowMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const ended = marks.filter(({ endMs }) => endMs <= nowMs);
    for (let from = 0; from < ended.length; from += MARKS_PER_UNIT) {
      const unit = new UnitOfWork();
      for (
        const { key, versionstamp } of ended.slice(from, from + MARKS_PER_UNIT)
      ) unit.check(key, versionstamp).delete(key);
      unit.guard(held.key, held.versionstamp, { v: 1 });
      const result = await commit(this.#store, unit, { signal });
      if (!result.ok) return false;
      held.versionstamp = result.versionstamp;
    }
    return true;
  }
}

async function addUp(parts: readonly Cells[]): Promise<Cells> {
  const [first, ...rest] = parts;
  if (rest.length === 0) return first ?? new Cells();
  const sum = new Cells();
  const turns = new Turns();
  for (const part of parts) {
    for (const cell of part.values()) {
      sum.addCell(cell);
      if (turns.isOver) await turns.others();
    }
  }
  return sum;
}
