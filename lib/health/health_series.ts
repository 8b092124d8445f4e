/** The lines of a day: what the processes have told by the minute, put together and thinned out. */
import type { GaugeInfo } from "./gauges.ts";
import { type MinuteSeries, SERIES_MINUTES } from "./health_history.ts";

/** Minutes of a point. */
export const STEP_MINUTES = 30;

/** One line out of those of all processes, with a point for each half hour. */
export function lineOf(
  gauge: Pick<GaugeInfo, "unit" | "better" | "across">,
  processes: readonly MinuteSeries[],
): (number | null)[] {
  const points: (number | null)[] = [];
  for (let from = 0; from < SERIES_MINUTES; from += STEP_MINUTES) {
    const minutes: number[] = [];
    for (let minute = from; minute < from + STEP_MINUTES; minute += 1) {
      const values: number[] = [];
      for (const series of processes) {
        if (!Number.isNaN(series[minute])) values.push(series[minute]);
      }
      if (values.length > 0) minutes.push(together(gauge, values));
    }
    points.push(
      minutes.length === 0 ? null : rounded(
        gauge.unit === "ratio" ? meanOf(minutes) : Math.max(...minutes),
      ),
    );
  }
  return points;
}

/** What the numbers of several processes at one time make together. */
export function together(
  { better, across }: Pick<GaugeInfo, "better" | "across">,
  values: readonly number[],
): number {
  if (across === "sum") return values.reduce((sum, value) => sum + value, 0);
  return better === "high" ? Math.min(...values) : Math.max(...values);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To four figures: the picture shows no more. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
