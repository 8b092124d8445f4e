/** What gauges have read in the last minutes, so that one reading alone fires nothing. */

/** One process, as it told of itself last. */
export interface ProcessGauges {
  /** What it is called: a host, and a number where that has several. */
  name: string;
  values: ReadonlyMap<string, number | null>;
}

/** What the numbers of several processes make together; see `lib/health/gauges.ts`. */
export type GaugeAcross = "worst" | "sum" | "same";

/** A gauge over a window. */
export interface WindowedGauge {
  /** The mean of what it has read; null: it has read nothing. */
  value: number | null;
  /** The process that is worst now; null: it is about all of them. */
  process: string | null;
}

interface Reading {
  /** Milliseconds that only grow. */
  atMs: number;
  value: number;
}

/** Longest window that readings are kept for, in milliseconds. */
const LONGEST_MS = 60 * 60_000;

export class GaugeWindows {
  readonly #readings = new Map<string, Reading[]>();
  #latest: readonly ProcessGauges[] = [];

  /**
   * Takes what the processes read now.
   * @param atMs milliseconds that only grow
   */
  add(
    processes: readonly ProcessGauges[],
    across: (gauge: string) => GaugeAcross,
    bad: (gauge: string) => "above" | "below",
    atMs: number,
  ): void {
    this.#latest = processes;
    const gauges = new Set(
      processes.flatMap(({ values }) => [...values.keys()]),
    );
    for (const gauge of gauges) {
      const values = processes.flatMap(({ values }) => values.get(gauge) ?? []);
      if (values.length === 0) continue;
      const value = across(gauge) === "sum"
        ? values.reduce((sum, each) => sum + each, 0)
        : bad(gauge) === "above"
        ? Math.max(...values)
        : Math.min(...values);
      const readings = this.#readings.get(gauge) ?? [];
      readings.push({ atMs, value });
      while (readings[0].atMs < atMs - LONGEST_MS) readings.shift();
      this.#readings.set(gauge, readings);
    }
  }

  /** A gauge over the last so many milliseconds, up to an hour. */
  read(
    gauge: string,
    windowMs: number,
    bad: "above" | "below",
    atMs: number,
  ): WindowedGauge {
    const values = (this.#readings.get(gauge) ?? [])
      .filter((reading) => reading.atMs > atMs - windowMs)
      .map(({ value }) => value);
    if (values.length === 0) return { value: null, process: null };
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { value: mean, process: this.#worst(gauge, bad) };
  }

  #worst(gauge: string, bad: "above" | "below"): string | null {
    const known = this.#latest.flatMap(({ name, values }) => {
      const value = values.get(gauge) ?? null;
      return value === null ? [] : [{ name, value }];
    });
    if (known.length < 2) return null;
    const sign = bad === "above" ? -1 : 1;
    return known.sort((one, other) => sign * (one.value - other.value))[0].name;
  }
}
