/**
 * Counters of a lane: absolute values that only the lane writes. What is added to one travels with the
 * entry that it belongs to, so it counts if and only if that entry does, whatever became of the others in
 * its batch.
 */
import type { StoredValue } from "./store.ts";

/** Sums by name; whole numbers. */
export type CounterValues = Readonly<Record<string, number>>;

/** A row whose numbers are what the committed entries of one lane have added up to. */
export class LaneCounter {
  readonly key: Deno.KvKey;
  #values: CounterValues;

  /** @param values what the row holds already; a row that is not there holds nothing */
  constructor(key: Deno.KvKey, values: CounterValues = {}) {
    this.key = key;
    this.#values = values;
  }

  /** As the store has them, as far as is known. */
  get values(): CounterValues {
    return this.#values;
  }

  /** For the lane alone: the row has been written. */
  committed(values: CounterValues): void {
    this.#values = values;
  }
}

/** Something to add to a counter; what is taken away is negative. */
export interface CounterAdd {
  readonly counter: LaneCounter;
  readonly add: CounterValues;
}

/** Bytes of a counter's value besides its numbers, and of each of them with its name, at most. */
const VALUE_BYTES = 32;
const NUMBER_BYTES = 40;

/** Bytes of the row that an addition may lead to, at most; all names of a counter are in each addition. */
export function measureCounter({ add }: CounterAdd): number {
  return VALUE_BYTES + NUMBER_BYTES * Object.keys(add).length;
}

/** What the counters come to when a batch commits that makes these additions. */
export function addUp(
  adds: readonly CounterAdd[],
): Map<LaneCounter, CounterValues> {
  const sums = new Map<LaneCounter, Record<string, number>>();
  for (const { counter, add } of adds) {
    let sum = sums.get(counter);
    if (sum === undefined) sums.set(counter, sum = { ...counter.values });
    for (const [name, value] of Object.entries(add)) {
      sum[name] = (sum[name] ?? 0) + value;
    }
  }
  return sums;
}

/** The row of a counter. */
export function counterRow(values: CounterValues): StoredValue {
  return { ...values, v: 1 };
}
