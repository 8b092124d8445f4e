/** The minutes of an hour of one process, filled as it goes on. */
import type { GaugeInfo } from "./gauges.ts";
import { HOUR_MS, MINUTE_MS, type OwnHour } from "./health_store.ts";

const MINUTES = 60;

interface Sum {
  count: number;
  total: number;
  highest: number;
}

/** One minute of all gauges: shares as their mean, everything else as the highest, so that no peak is lost. */
export class MinutePoints {
  #minuteMs = -1;
  #sums = new Map<string, Sum>();
  #hour: OwnHour | null = null;

  /**
   * Takes what the gauges read at a time.
   * @param nowMs milliseconds since 1970 UTC
   * @returns the hour as it is, when a minute of it has just ended; else null
   */
  add(
    gauges: readonly GaugeInfo[],
    values: ReadonlyMap<string, number | null>,
    nowMs: number,
  ): OwnHour | null {
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const ended = minuteMs === this.#minuteMs ? null : this.end(gauges);
    this.#minuteMs = minuteMs;
    for (const [id, value] of values) {
      if (value === null) continue;
      const sum = this.#sums.get(id) ?? { count: 0, total: 0, highest: value };
      sum.count += 1;
      sum.total += value;
      sum.highest = Math.max(sum.highest, value);
      this.#sums.set(id, sum);
    }
    return ended;
  }

  /** Ends the minute that goes on. @returns its hour as it is; null: nothing was read in the minute */
  end(
    gauges: readonly GaugeInfo[],
  ): OwnHour | null {
    if (this.#sums.size === 0) return null;
    const hourMs = Math.floor(this.#minuteMs / HOUR_MS) * HOUR_MS;
    // A clock that is set back begins an hour again; what was there of it is in the store until then.
    const hour = this.#hour?.hourMs === hourMs
      ? this.#hour
      : { hourMs, points: {} };
    const points: Record<string, Float32Array> = { ...hour.points };
    const minute = (this.#minuteMs - hourMs) / MINUTE_MS;
    for (const { id, unit } of gauges) {
      const sum = this.#sums.get(id);
      if (sum === undefined) continue;
      points[id] = (points[id] ?? new Float32Array(MINUTES).fill(NaN)).slice();
      points[id][minute] = unit === "ratio"
        ? sum.total / sum.count
        : sum.highest;
    }
    this.#sums = new Map();
    return this.#hour = { hourMs, points };
  }
}
