/** The numbers of one metric: one for each combination of label values, and how they are written. */

/** Only grows. */
export interface Count {
  add(by?: number): void;
}

/** Takes measurements. */
export interface Distribution {
  observe(value: number): void;
}

/**
 * One metric for each combination of label values, the only one without labels. Keep what `of` gives where
 * it is needed often.
 */
export interface Labelled<Series> {
  of(...labels: string[]): Series;
}

/** Combinations of label values that a metric keeps apart; further ones are counted as `other`. */
export const MAX_SERIES = 200;
const OTHER = "other";
export class CountSeries implements Count {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

export class BucketSeries implements Distribution {
  readonly #bounds: readonly number[];
  /** Measurements in each bucket alone, the last one without bound. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]) {
      bucket += 1;
    }
    this.#counts[bucket] += 1;
    this.#sum += value;
  }

  *lines(
    name: string,
    labels: readonly string[],
    values: readonly string[],
  ): Generator<string, void, void> {
    let count = 0;
    for (const [index, inBucket] of this.#counts.entries()) {
      count += inBucket;
      const bound = index === this.#bounds.length
        ? "+Inf"
        : String(this.#bounds[index]);
      yield line(
        `${name}_bucket`,
        [...labels, "le"],
        [...values, bound],
        count,
      );
    }
    yield line(`${name}_sum`, labels, values, this.#sum);
    yield line(`${name}_count`, labels, values, count);
  }
}

/** The series of one metric, by their label values. */
export class SeriesMap<Series> implements Labelled<Series> {
  readonly #labels: readonly string[];
  readonly #create: () => Series;
  readonly #series = new Map<string, [readonly string[], Series]>();

  constructor(labels: readonly string[], create: () => Series) {
    this.#labels = labels;
    this.#create = create;
  }

  of(...values: string[]): Series {
    const key = values.join("\0");
    const known = this.#series.get(key);
    if (known !== undefined) return known[1];
    if (values.length !== this.#labels.length) {
      throw new TypeError(
        `Metric has the labels "${this.#labels}", but got "${values}"`,
      );
    }
    // The rest shares one series, so that made-up names cannot fill the memory.
    const isFull = this.#series.size >= MAX_SERIES;
    const other = this.#labels.map(() => OTHER);
    if (isFull && values.some((value) => value !== OTHER)) {
      return this.of(...other);
    }
    const series = this.#create();
    this.#series.set(key, [values, series]);
    return series;
  }

  [Symbol.iterator](): Iterator<[readonly string[], Series]> {
    return this.#series.values();
  }

  *lines(
    name: string,
    valueOf: (series: Series) => number,
  ): Generator<string, void, void> {
    for (const [values, series] of this) {
      yield line(name, this.#labels, values, valueOf(series));
    }
  }
}

/** One line of the text format. */
export function line(
  name: string,
  labels: readonly string[],
  values: readonly string[],
  value: number,
): string {
  if (labels.length === 0) return `${name} ${value}`;
  const pairs = labels.map((label, index) =>
    `${label}="${escapeValue(values[index])}"`
  );
  return `${name}{${pairs.join(",")}} ${value}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}
