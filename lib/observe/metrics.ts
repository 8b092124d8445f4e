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

import {
  BucketSeries,
  type Count,
  CountSeries,
  type Distribution,
  type Labelled,
  line,
  MAX_SERIES,
  SeriesMap,
} from "./metric_series.ts";

/** Values of a metric's labels, in the order of their names, and the number. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Reads what is counted elsewhere: a number, or one for each combination of labels. */
export type Read = () => number | Iterable<Sample>;

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

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
