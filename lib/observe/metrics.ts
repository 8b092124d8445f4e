/**
 * Numbers about the process as Prometheus reads them
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4). Names begin with
 * `freshet_` and end with their unit. What others count already is read when somebody asks for it.
 *
 * ```ts
 * const runs = metrics.counter("freshet_runs_total", "Runs that ended", ["source", "status"]);
 * runs.of("chat", "completed").add();
 * metrics.gauge("freshet_upstream_sockets", "Sockets to providers", () => models.openSockets);
 * ```
 */

/** Values of a metric's labels, in the order of their names, and the number. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Reads what is counted elsewhere: a number, or one for each combination of labels. */
export type Read = () => number | Iterable<Sample>;

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
const MAX_SERIES = 200;
const OTHER = "other";
const NAME = /^freshet_[a-z0-9_]+$/;

interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  lines: () => Iterable<string>;
}

export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  /**
   * A number that only grows.
   * @throws {TypeError} for a name that is taken or not of the form `freshet_…`, as all of these do
   */
  counter(
    name: string,
    help: string,
    labels: readonly string[] = [],
  ): Labelled<Count> {
    const series = new SeriesMap(labels, () => new CountSeries());
    this.#add({
      name,
      help,
      type: "counter",
      lines: () => series.lines(name, (each) => each.value),
    });
    return series;
  }

  /** A number that is read when somebody asks for the metrics. */
  gauge(
    name: string,
    help: string,
    read: Read,
    labels: readonly string[] = [],
  ): void {
    this.#add({
      name,
      help,
      type: "gauge",
      lines: readLines(name, read, labels),
    });
  }

  /** A number that only grows and is counted elsewhere. */
  readCounter(
    name: string,
    help: string,
    read: Read,
    labels: readonly string[] = [],
  ): void {
    const lines = readLines(name, read, labels);
    this.#add({ name, help, type: "counter", lines });
  }

  /** How measurements are distributed. @param buckets upper bounds, ascending, without infinity */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly string[] = [],
  ): Labelled<Distribution> {
    const series = new SeriesMap(labels, () => new BucketSeries(buckets));
    this.#add({
      name,
      help,
      type: "histogram",
      *lines() {
        for (const [names, each] of series) {
          yield* each.lines(name, labels, names);
        }
      },
    });
    return series;
  }

  /** All metrics, as `GET /metrics` answers. A metric that cannot be read is left out. */
  text(): string {
    const out: string[] = [];
    for (const { name, help, type, lines } of this.#metrics.values()) {
      const found: string[] = [];
      try {
        found.push(...lines());
      } catch {
        // The others are worth as much without it.
        continue;
      }
      if (found.length === 0) continue;
      out.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
      out.push(...found);
    }
    return `${out.join("\n")}\n`;
  }

  #add(metric: Metric): void {
    if (!NAME.test(metric.name)) {
      throw new TypeError(`Metric "${metric.name}" is not named freshet_…`);
    }
    if (this.#metrics.has(metric.name)) {
      throw new TypeError(`Metric "${metric.name}" is there already`);
    }
    this.#metrics.set(metric.name, metric);
  }
}

class CountSeries implements Count {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

class BucketSeries implements Distribution {
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
class SeriesMap<Series> implements Labelled<Series> {
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

function readLines(
  name: string,
  read: Read,
  labels: readonly string[],
): Metric["lines"] {
  return function* () {
    const found = read();
    if (typeof found === "number") {
      yield line(name, [], [], found);
      return;
    }
    let left = MAX_SERIES;
    for (const [values, value] of found) {
      if (left-- === 0) return;
      yield line(name, labels, values, value);
    }
  };
}

function line(
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

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
