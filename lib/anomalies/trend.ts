/** A straight line through a series that outliers do not move, and the scale on which it is straightest. */
import { medianOf } from "./quantile.ts";
import type { Series, Transform } from "./series.ts";

const BLOCKS = 20;
const LEAST_BLOCKS = 4;
const LEAST_POINTS_A_BLOCK = 4;

/** A line through medians of the values (Theil 1950, Sen 1968), at each point. */
export function trendOf({ atMs }: Series, values: Float64Array): Float64Array {
  const count = values.length;
  const blocks = Math.min(BLOCKS, Math.floor(count / LEAST_POINTS_A_BLOCK));
  if (blocks < LEAST_BLOCKS) {
    return new Float64Array(count).fill(medianOf(values));
  }
  const middles = Array.from({ length: blocks }, (_, i) => {
    const from = Math.floor(i * count / blocks);
    const to = Math.floor((i + 1) * count / blocks);
    return {
      at: medianOf(atMs.subarray(from, to)),
      value: medianOf(values.subarray(from, to)),
    };
  });
  const slopes = middles.flatMap((left, i) =>
    middles.slice(i + 1).filter(({ at }) => at > left.at)
      .map((right) => (right.value - left.value) / (right.at - left.at))
  );
  const slope = slopes.length === 0 ? 0 : medianOf(slopes);
  const base = medianOf(middles.map(({ at, value }) => value - slope * at));
  return atMs.map((at) => base + slope * at);
}

/** A line explains so much of the values that they need no other scale. */
const CLEAR_LINE = 0.02;

/** The scale that was told, or the plain one for what is a line on it. */
export function chooseTransform(series: Series, told: Transform): Transform {
  const plain = { isRoot: false, offset: 0 };
  if (!told.isRoot) return plain;
  const { values } = series;
  const line = trendOf(series, values);
  const middle = medianOf(values);
  const rest = medianOf(values.map((value, i) => Math.abs(value - line[i])));
  const whole = medianOf(values.map((value) => Math.abs(value - middle)));
  const isLine = whole > 0 && rest <= CLEAR_LINE * whole &&
    // On the other scale it would be no line.
    Math.min(...ends(line)) < Math.max(...ends(line)) / 2;
  return isLine ? plain : told;
}

function ends(line: Float64Array): number[] {
  return [line[0], line[line.length - 1]];
}
