/**
 * What one subject has used within a sliding window, as one process counts it.
 *
 * No clock is shared. Each process ages what it knows by its own monotonic clock, and what it reads by
 * what the writer said its age was then; both are less than the true age, or equal. So what has left the
 * window here has left it in truth. Amounts that were used are kept by the time at which they were used
 * at the latest; amounts that a process holds and may still use count in full until it has said what it
 * used, or, when it is gone, until the last moment at which it could have used them has left the window.
 */
import type { Versioned } from "@/lib/kv/store.ts";

/** `[id, age of the latest use, time between the earliest and that, amount]`, milliseconds. */
export type StoredCell = readonly [string, number, number, number];

/** `[id, milliseconds from the write until it may not be used any more, amount]`. */
export type StoredSlice = readonly [string, number, number];

/** The record; all times are as they were at its write. */
export interface UseRecord extends Versioned {
  readonly v: 1;
  /** Wall clock of the writer, milliseconds since 1970 UTC; for windows longer than restarts. */
  readonly at: number;
  readonly used: readonly StoredCell[];
  readonly held: Readonly<Record<string, StoredSlice>>;
}

/** Something that was used; times are monotonic ones of this process. */
interface Cell {
  readonly id: string;
  /** The use was at this time at the latest. */
  readonly atMs: number;
  /** Between the first and the last of uses that are one cell. */
  readonly spanMs: number;
  readonly amount: number;
}

/** What a process has taken and may use until then. */
export interface HeldSlice {
  readonly id: string;
  readonly untilMs: number;
  readonly amount: number;
}

/** With more cells than this, those within the same part of the window become one. */
const MANY_CELLS = 64;
const PARTS_OF_WINDOW = 32;

export class UseWindow {
  readonly #windowMs: number;
  #cells: Cell[] = [];
  readonly #held = new Map<string, HeldSlice>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * A window out of a record.
   * @param nowMs monotonic time
   * @param sinceMs milliseconds that have passed at least since it was written
   * @param known the same window as this process knew it before
   */
  static read(
    windowMs: number,
    record: UseRecord | null,
    nowMs: number,
    sinceMs: number,
    known: UseWindow | null,
  ): UseWindow {
    const window = new UseWindow(windowMs);
    if (record === null) return window;
    const writtenMs = nowMs - sinceMs;
    const cells = known === null ? [] : known.#cells;
    const seen = new Map(cells.map(({ id, atMs }) => [id, atMs]));
    window.#cells = record.used.map(([id, ageMs, spanMs, amount]) => ({
      id,
      // Both are not before the use; the earlier of them is nearer.
      atMs: Math.min(writtenMs - ageMs, seen.get(id) ?? Infinity),
      spanMs,
      amount,
    }));
    for (const [holder, [id, leftMs, amount]] of Object.entries(record.held)) {
      const before = known?.held(holder);
      const untilMs = Math.min(
        writtenMs + leftMs,
        before?.id === id ? before.untilMs : Infinity,
      );
      window.#held.set(holder, { id, untilMs, amount });
    }
    window.#cells.sort((left, right) => left.atMs - right.atMs);
    window.forget(nowMs);
    return window;
  }

  /** Forgets what has left the window. */
  forget(nowMs: number): void {
    const goneMs = nowMs - this.#windowMs;
    if (this.#cells.length > 0 && this.#cells[0].atMs <= goneMs) {
      this.#cells = this.#cells.filter(({ atMs }) => atMs > goneMs);
    }
    for (const [holder, { untilMs }] of this.#held) {
      if (untilMs <= goneMs) this.#held.delete(holder);
    }
  }

  /** What counts against the limit. */
  sum(): number {
    let sum = 0;
    for (const { amount } of this.#cells) sum += amount;
    for (const { amount } of this.#held.values()) sum += amount;
    return sum;
  }

  /** What a process holds. */
  held(holder: string): HeldSlice | null {
    return this.#held.get(holder) ?? null;
  }

  hold(holder: string, slice: HeldSlice): void {
    this.#held.set(holder, slice);
  }

  drop(holder: string): void {
    this.#held.delete(holder);
  }

  /** Counts what was used, at this time at the latest. @param id never used before */
  use(id: string, atMs: number, amount: number): void {
    if (amount <= 0) return;
    let place = this.#cells.length;
    while (place > 0 && this.#cells[place - 1].atMs > atMs) place -= 1;
    this.#cells.splice(place, 0, { id, atMs, spanMs: 0, amount });
  }

  /**
   * Takes back what is counted as used at a time or later, by taking it from cells of that time and
   * before, the newest first. They leave the window no later than what it is taken back for, so what the
   * window counts is never less than what it really saw.
   */
  giveBack(atMs: number, amount: number): void {
    let left = amount;
    const cells: Cell[] = [];
    for (const cell of this.#cells.toReversed()) {
      const taken = cell.atMs <= atMs ? Math.min(left, cell.amount) : 0;
      left -= taken;
      if (taken < cell.amount) {
        cells.push({ ...cell, amount: cell.amount - taken });
      }
    }
    this.#cells = cells.reverse();
  }

  /** Milliseconds until no more than this sum counts, if nobody uses more; 0: it is so now. */
  untilAtMost(sum: number, nowMs: number): number {
    let over = this.sum() - sum;
    if (over <= 0) return 0;
    const leaving = [
      ...this.#cells,
      ...[...this.#held.values()].map(({ untilMs, amount }) => ({
        atMs: untilMs,
        amount,
      })),
    ].sort((left, right) => left.atMs - right.atMs);
    for (const { atMs, amount } of leaving) {
      over -= amount;
      if (over <= 0) return Math.max(atMs + this.#windowMs - nowMs, 1);
    }
    return 0;
  }

  /** Makes few cells of many. @param newId gives ids that were never used before */
  compact(newId: () => string): void {
    if (this.#cells.length <= MANY_CELLS) return;
    const partMs = this.#windowMs / PARTS_OF_WINDOW;
    const cells: Cell[] = [];
    for (const cell of this.#cells) {
      const last = cells.at(-1);
      const spanMs = last === undefined ? Infinity : Math.max(
        cell.atMs - (last.atMs - last.spanMs),
        cell.spanMs,
      );
      if (last === undefined || spanMs > partMs) cells.push(cell);
      else {
        // Another id, since who knows the old one would take all of it for as old as that.
        cells[cells.length - 1] = {
          id: newId(),
          atMs: cell.atMs,
          spanMs,
          amount: last.amount + cell.amount,
        };
      }
    }
    this.#cells = cells;
  }

  /** What to store. @param at wall clock, milliseconds since 1970 UTC */
  toRecord(nowMs: number, at: number): UseRecord {
    return {
      v: 1,
      at,
      used: this.#cells.map(({ id, atMs, spanMs, amount }) => // Rounded so that nothing gets older by it.
      [id, Math.floor(nowMs - atMs), Math.ceil(spanMs), amount]),
      held: Object.fromEntries(
        [...this.#held].map(([holder, { id, untilMs, amount }]) => [
          holder,
          [id, Math.ceil(untilMs - nowMs), amount],
        ]),
      ),
    };
  }

  /** A copy that may be changed apart. */
  clone(): UseWindow {
    const copy = new UseWindow(this.#windowMs);
    copy.#cells = [...this.#cells];
    for (const [holder, slice] of this.#held) copy.#held.set(holder, slice);
    return copy;
  }
}
