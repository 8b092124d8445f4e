/** Finds where the level of values steps to another one and stays there. */
import { medianOf, quantileOf, slidingMedian, sortedOf } from "./quantile.ts";

/** A step is as large as so many standard deviations of the values. */
const LEAST_DEVIATIONS = 2;
/** And so many times as large as what changes in as much time before and behind: a slope goes on, a step does not. */
const LEAST_RATIO = 2.5;
const NORMAL_MEDIAN = 0.6745;

/**
 * The places of the first values behind each step, ascending.
 * @param half how many values have to be on either side
 */
export function* stepsOf(
  values: Float64Array,
  half: number,
): Generator<void, number[]> {
  const count = values.length;
  if (count < 2 * half) return [];
  const medians = yield* slidingMedian(values, half);
  const quarter = Math.floor(half / 2);
  const rests = values.map((value, i) => Math.abs(value - medians[i]));
  const deviation = quantileOf(sortedOf(rests), 0.5) / NORMAL_MEDIAN;
  yield;
  const at = (i: number) => medians[Math.max(0, Math.min(count - 1, i))];
  const sizes = new Float64Array(count);
  for (let i = half; i <= count - half; i += 1) {
    const [before, after] = [at(i - quarter), at(i + quarter)];
    const size = Math.abs(after - before);
    const around = Math.max(
      Math.abs(before - at(i - quarter - half)),
      Math.abs(at(i + quarter + half) - after),
    );
    const isStep = size > 0 && size >= LEAST_DEVIATIONS * deviation &&
      size >= LEAST_RATIO * around;
    if (isStep) sizes[i] = size;
  }
  yield;
  const steps: number[] = [];
  while (true) {
    const largest = placeOfLargest(sizes);
    if (sizes[largest] === 0) return steps.sort((a, b) => a - b);
    sizes.fill(0, Math.max(0, largest - half), largest + half);
    steps.push(exactPlace(values, largest, quarter));
    yield;
  }
}

function placeOfLargest(values: Float64Array): number {
  let place = 0;
  for (let i = 1; i < values.length; i += 1) {
    if (values[i] > values[place]) place = i;
  }
  return place;
}

/** Where two levels divide the values best. */
function exactPlace(values: Float64Array, near: number, reach: number): number {
  const from = Math.max(0, near - reach);
  const to = Math.min(values.length, near + reach);
  const before = medianOf(values.subarray(Math.max(0, from - reach), near));
  const after = medianOf(values.subarray(near, to + reach));
  let error = 0;
  let [best, least] = [near, Infinity];
  for (let i = from; i < to; i += 1) {
    if (error < least) [best, least] = [i, error];
    error += Math.abs(values[i] - before) - Math.abs(values[i] - after);
  }
  return best;
}
