/** Sums of ledger rows that have everything in common which usage can be asked by. */
import { addHistogram, addValue, type Histogram } from "./histogram.ts";
import type { LedgerRow } from "./ledger_row.ts";

/** By what usage can be asked, in the order in which it is stored. "" stands for none. */
export const DIMENSIONS = [
  "user",
  "key",
  "model",
  "provider",
  "source",
  "status",
  "cache",
] as const;

export type Dimension = (typeof DIMENSIONS)[number];

/** What is added up, in the order in which it is stored. Whole numbers. */
export const COUNTERS = [
  "requests",
  "errors",
  "inputTokens",
  "cachedInputTokens",
  "outputTokens",
  "costMicroUsd",
  "unpricedRequests",
  "estimatedRequests",
  "cacheHits",
  "joined",
  "savedMicroUsd",
] as const;

export type Counter = (typeof COUNTERS)[number];

/** Of what there are percentiles, in the order in which it is stored. */
export const MEASURES = [
  "ttftMs",
  "tokensPerSecond",
  "totalMs",
  "overheadMs",
] as const;

export type Measure = (typeof MEASURES)[number];

export interface Cell {
  readonly dimensions: Readonly<Record<Dimension, string>>;
  readonly counters: Record<Counter, number>;
  readonly measures: Record<Measure, Histogram>;
}

export function emptyCounters(): Record<Counter, number> {
  return Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<
    Counter,
    number
  >;
}

export function emptyMeasures(): Record<Measure, Histogram> {
  return Object.fromEntries(
    MEASURES.map((name) => [name, new Map()]),
  ) as Record<Measure, Histogram>;
}

/** Cells by what they have in common. */
export class Cells {
  readonly #cells = new Map<string, Cell>();

  get size(): number {
    return this.#cells.size;
  }

  values(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  /** In an order of their own, so that the same cells are the same bytes wherever they come from. */
  sorted(): Cell[] {
    return [...this.#cells].sort(([left], [right]) => left < right ? -1 : 1)
      .map(([, cell]) => cell);
  }

  /** Whether both hold the same. */
  equals(other: Cells): boolean {
    if (this.size !== other.size) return false;
    for (const [id, cell] of this.#cells) {
      const same = other.#cells.get(id);
      if (same === undefined || !isSame(cell, same)) return false;
    }
    return true;
  }

  /** One counter of all cells together. */
  sum(name: Counter): number {
    let sum = 0;
    for (const { counters } of this.#cells.values()) sum += counters[name];
    return sum;
  }

  /** Counts a row of the ledger. */
  addRow(row: LedgerRow): void {
    const { counters, measures } = this.#cell({
      user: row.user ?? "",
      key: row.key ?? "",
      model: row.model,
      provider: row.provider,
      source: row.source,
      status: row.status,
      cache: row.cache ?? "",
    });
    counters.requests += 1;
    counters.errors += isError(row) ? 1 : 0;
    counters.inputTokens += row.inputTokens;
    counters.cachedInputTokens += row.cachedInputTokens;
    counters.outputTokens += row.outputTokens;
    counters.costMicroUsd += row.costMicroUsd ?? 0;
    counters.unpricedRequests += row.costMicroUsd === null ? 1 : 0;
    counters.estimatedRequests += row.estimated ? 1 : 0;
    counters.cacheHits += row.cache?.startsWith("hit-") ? 1 : 0;
    counters.joined += row.cache === "joined" ? 1 : 0;
    counters.savedMicroUsd += row.savedMicroUsd ?? 0;
    measure(measures, row);
  }

  /** Adds what another cell of the same kind holds. */
  addCell({ dimensions, counters, measures }: Cell): void {
    const cell = this.#cell(dimensions);
    for (const name of COUNTERS) cell.counters[name] += counters[name];
    for (const name of MEASURES) {
      addHistogram(cell.measures[name], measures[name]);
    }
  }

  #cell(dimensions: Readonly<Record<Dimension, string>>): Cell {
    const { user, key, model, provider, source, status, cache } = dimensions;
    const id =
      `${user}\0${key}\0${model}\0${provider}\0${source}\0${status}\0${cache}`;
    let cell = this.#cells.get(id);
    if (cell === undefined) {
      cell = {
        dimensions,
        counters: emptyCounters(),
        measures: emptyMeasures(),
      };
      this.#cells.set(id, cell);
    }
    return cell;
  }
}

function isSame(left: Cell, right: Cell): boolean {
  return COUNTERS.every((name) =>
    left.counters[name] === right.counters[name]
  ) && MEASURES.every((name) => {
    const [one, other] = [left.measures[name], right.measures[name]];
    return one.size === other.size &&
      [...one].every(([bucket, count]) => other.get(bucket) === count);
  });
}

/** Whether an answer ended by the fault of somebody else than who asked. */
function isError({ status }: LedgerRow): boolean {
  return status === "failed" || status === "interrupted";
}

/** Times of a row. What came out of the cache says nothing about how fast a model is. */
function measure(
  measures: Record<Measure, Histogram>,
  { firstTokenMs, totalMs, outputTokens, overheadMs }: LedgerRow,
): void {
  addValue(measures.totalMs, totalMs);
  if (overheadMs !== undefined) addValue(measures.overheadMs, overheadMs);
  if (firstTokenMs === null) return;
  addValue(measures.ttftMs, firstTokenMs);
  const streamedMs = totalMs - firstTokenMs;
  if (streamedMs > 0 && outputTokens > 1) {
    addValue(measures.tokensPerSecond, outputTokens * 1_000 / streamedMs);
  }
}
