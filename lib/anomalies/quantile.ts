/** Order statistics: of a set of values at once, and of a window that slides along a series. */

/** Of more values an even sample is sorted, which tells quantiles to some thousandths. */
const MOST_SORTED = 20_000;

/** The values in ascending order, as an array of their own; of very many a sample. */
export function sortedOf(values: ArrayLike<number>): Float64Array {
  if (values.length <= MOST_SORTED) return Float64Array.from(values).sort();
  const step = values.length / MOST_SORTED;
  return Float64Array.from(
    { length: MOST_SORTED },
    (_, i) => values[Math.floor(i * step)],
  ).sort();
}

/**
 * A quantile of values in ascending order, between neighbours in proportion; NaN when there are none.
 * @param ratio from 0 to 1
 */
export function quantileOf(sorted: ArrayLike<number>, ratio: number): number {
  const place = ratio * (sorted.length - 1);
  const below = Math.floor(place);
  if (sorted.length === 0) return NaN;
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** The median of values in any order; NaN when there are none. */
export function medianOf(values: ArrayLike<number>): number {
  return quantileOf(sortedOf(values), 0.5);
}

/** Values of a window in ascending order, of which each may come and go. */
class SortedWindow {
  readonly #values: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  add(value: number): void {
    const place = this.#placeOf(value);
    this.#values.copyWithin(place + 1, place, this.#length);
    this.#values[place] = value;
    this.#length += 1;
  }

  remove(value: number): void {
    const place = this.#placeOf(value);
    this.#values.copyWithin(place, place + 1, this.#length);
    this.#length -= 1;
  }

  get median(): number {
    const middle = this.#length >> 1;
    if (this.#length % 2 === 1) return this.#values[middle];
    return (this.#values[middle - 1] + this.#values[middle]) / 2;
  }

  /** Place of the first value that is not less. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#values[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Values after which a pause is offered. */
const PAUSE_EVERY = 1_000;

/**
 * The median of the values around each value, as many before it as behind it; at the ends there are fewer.
 * A step in the values is a step in these medians, at the same place.
 */
export function* slidingMedian(
  values: Float64Array,
  window: number,
): Generator<void, Float64Array> {
  const half = Math.max(1, Math.floor(window / 2));
  const medians = new Float64Array(values.length);
  const sorted = new SortedWindow(2 * half + 2);
  for (let i = 0; i < Math.min(half, values.length); i += 1) {
    sorted.add(values[i]);
  }
  for (let i = 0; i < values.length; i += 1) {
    if (i + half < values.length) sorted.add(values[i + half]);
    if (i - half > 0) sorted.remove(values[i - half - 1]);
    medians[i] = sorted.median;
    if (i % PAUSE_EVERY === 0) yield;
  }
  return medians;
}
