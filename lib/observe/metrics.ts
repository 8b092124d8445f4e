/**
 * Numbers about the process as Prometheus reads them
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4), kept by prom-client.
 * Names end with their unit. What others count already is read when somebody asks for it, and no metric
 * keeps more than so many combinations of labels: names of models come from callers.
 *
 * ```ts
 * const runs = metrics.counter("freshet_runs_total", "Runs that ended", ["source", "status"]);
 * runs.of("chat", "completed").add();
 * metrics.gauge("streams_active", "Runs that this process executes", () => runs.executing);
 * ```
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

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

/** Values of a metric's labels, in the order of their names, and the number. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Reads what is counted elsewhere: a number, or one for each combination of labels. */
export type Read = () => number | Iterable<Sample>;

/** Combinations of label values that a metric keeps apart; further ones are counted as `other`. */
export const MAX_SERIES = 200;
const OTHER = "other";

export class Metrics {
  readonly #registry = new Registry();
  readonly #names: string[] = [];

  /** What `text` is, for `Content-Type`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * A number that only grows.
   * @throws {TypeError} for a name that is taken
   */
  counter(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
  ): Labelled<Count> {
    const counter = new Counter({ ...this.#named(name, help), labelNames });
    return new Series(labelNames, MAX_SERIES, (labels) => {
      const series = counter.labels(...labels);
      return { add: (by = 1) => series.inc(by) };
    });
  }

  /** A number that is read when somebody asks for the metrics. */
  gauge(
    name: string,
    help: string,
    read: Read,
    labelNames: readonly string[] = [],
  ): void {
    new Gauge({
      ...this.#named(name, help),
      labelNames,
      collect() {
        this.reset();
        for (const [labels, value] of samplesOf(read)) {
          this.labels(...labels).set(value);
        }
      },
    });
  }

  /** A number that only grows and is counted elsewhere. */
  readCounter(
    name: string,
    help: string,
    read: Read,
    labelNames: readonly string[] = [],
  ): void {
    new Counter({
      ...this.#named(name, help),
      labelNames,
      collect() {
        this.reset();
        for (const [labels, value] of samplesOf(read)) {
          this.labels(...labels).inc(value);
        }
      },
    });
  }

  /**
   * How measurements are distributed.
   * @param buckets upper bounds, ascending, without infinity
   * @param maxSeries combinations of label values that are kept apart
   */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly string[] = [],
    maxSeries = MAX_SERIES,
  ): Labelled<Distribution> {
    const histogram = new Histogram({
      ...this.#named(name, help),
      labelNames,
      buckets: [...buckets],
    });
    return new Series(labelNames, maxSeries, (labels) => {
      const series = histogram.labels(...labels);
      return { observe: (value) => series.observe(value) };
    });
  }

  /** All metrics, as `GET /metrics` answers. A metric that cannot be read is left out. */
  async text(): Promise<string> {
    const texts = await Promise.allSettled(
      this.#names.map((name) => this.#registry.getSingleMetricAsString(name)),
    );
    const out = texts.flatMap((each) =>
      each.status === "fulfilled" ? [each.value] : []
    );
    return `${out.join("\n")}\n`;
  }

  #named(name: string, help: string) {
    if (this.#names.includes(name)) {
      throw new TypeError(`Metric "${name}" is there already`);
    }
    this.#names.push(name);
    return { name, help, registers: [this.#registry] };
  }
}

function* samplesOf(read: Read): Generator<Sample, void, void> {
  const found = read();
  if (typeof found === "number") {
    yield [[], found];
    return;
  }
  let left = MAX_SERIES;
  for (const sample of found) {
    if (left-- === 0) return;
    yield sample;
  }
}

/** The series of one metric, by their label values. */
class Series<Each> implements Labelled<Each> {
  readonly #labelNames: readonly string[];
  readonly #most: number;
  readonly #create: (labels: readonly string[]) => Each;
  readonly #series = new Map<string, Each>();

  constructor(
    labelNames: readonly string[],
    most: number,
    create: (labels: readonly string[]) => Each,
  ) {
    this.#labelNames = labelNames;
    this.#most = most;
    this.#create = create;
  }

  of(...values: string[]): Each {
    const key = values.join("\0");
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (values.length !== this.#labelNames.length) {
      throw new TypeError(
        `Metric has the labels "${this.#labelNames}", but got "${values}"`,
      );
    }
    // The rest shares one series, so that made-up names cannot fill the memory.
    const isFull = this.#series.size >= this.#most;
    if (isFull && values.some((value) => value !== OTHER)) {
      return this.of(...values.map(() => OTHER));
    }
    const series = this.#create(values);
    this.#series.set(key, series);
    return series;
  }
}
