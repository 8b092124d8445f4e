/**
 * How the parts of this process do at this moment: one number for each gauge, under a name that history,
 * pages and alerts share.
 *
 * ```ts
 * gauges.add({ id: "streams_active", title: "Answers under way", unit: "count", read: () => runs.executing });
 * gauges.read().get("streams_active"); // 3
 * ```
 */

/** `ratio`: from 0 to 1, and beyond where more than all can be used. */
export type GaugeUnit = "ms" | "bytes" | "ratio" | "count";

/**
 * What the numbers of several processes make together: the worst of them, their sum, or one number that
 * all of them tell alike because it is the store's.
 */
export type GaugeAcross = "worst" | "sum" | "same";

export interface GaugeSpec {
  /** Lower case with underscores, its unit at the end where it is no count. */
  id: string;
  /** What it is called on pages. */
  title: string;
  unit: GaugeUnit;
  /** The number now; null: there is none. It must not wait for anything, nor change anything. */
  read: () => number | null;
  /** What is better; absent: neither is. */
  better?: "low" | "high";
  /** `worst` unless told. */
  across?: GaugeAcross;
  /** As much as there can be; absent: there is no such end, or it is 1 for a ratio. */
  full?: number;
}

/** A gauge as others see it. */
export interface GaugeInfo {
  readonly id: string;
  readonly title: string;
  readonly unit: GaugeUnit;
  readonly better: "low" | "high" | null;
  readonly across: GaugeAcross;
  readonly full: number | null;
}

const ID = /^[a-z][a-z0-9_]{0,39}$/;
/** Gauges of one process; each is a series of the history. */
const MAX_GAUGES = 48;

export class Gauges {
  readonly #specs = new Map<string, GaugeSpec>();

  /** @throws {TypeError} for an id that is taken or none, and for one gauge too many */
  add(spec: GaugeSpec): void {
    if (!ID.test(spec.id)) {
      throw new TypeError(`Gauge "${spec.id}" wants a name like "store_bytes"`);
    }
    if (this.#specs.has(spec.id)) {
      throw new TypeError(`Gauge "${spec.id}" is there already`);
    }
    if (this.#specs.size === MAX_GAUGES) {
      throw new TypeError(`Gauge "${spec.id}" is one more than ${MAX_GAUGES}`);
    }
    this.#specs.set(spec.id, spec);
  }

  /** All that there are, in the order in which they were added. */
  get all(): GaugeInfo[] {
    return [...this.#specs.values()].map((
      { id, title, unit, better = null, across = "worst", full = null },
    ) => ({ id, title, unit, better, across, full }));
  }

  /** Every gauge now. One that fails, or gives no finite number, reads null. */
  read(): Map<string, number | null> {
    const values = new Map<string, number | null>();
    for (const { id, read } of this.#specs.values()) {
      values.set(id, valueOf(read));
    }
    return values;
  }
}

function valueOf(read: GaugeSpec["read"]): number | null {
  try {
    const value = read();
    return value !== null && Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}
