/**
 * Histograms that add up: counts in the buckets of one fixed table, so that the percentiles of a year are
 * those of its minutes put together. A value is told within 5 % of its own size.
 */

/** Version of the table; a change of the buckets is a new one. */
export const HISTOGRAM_VERSION = 1;

/** Where the first bucket ends. */
const FIRST_END = 1;
/** How much larger each end is than the one before. */
const GROWTH = 1.1;
/** Values beyond are told as this: 24 hours, where they are milliseconds. */
const LARGEST = 24 * 3_600 * 1_000;

/** Ends of the buckets, each belonging to its bucket; the last one takes what is larger, too. */
export const BUCKET_ENDS: readonly number[] = (() => {
  const ends = [FIRST_END];
  while (ends.at(-1)! < LARGEST) ends.push(ends.at(-1)! * GROWTH);
  return ends;
})();

/** Number of the bucket of a value; what is no number above 0 is in the first. */
export function bucketOf(value: number): number {
  if (!(value > FIRST_END)) return 0;
  const guess = Math.ceil(Math.log(value / FIRST_END) / Math.log(GROWTH));
  let bucket = Math.min(guess, BUCKET_ENDS.length - 1);
  // Logarithms are off by a hair at the ends themselves.
  while (bucket > 0 && BUCKET_ENDS[bucket - 1] >= value) bucket -= 1;
  while (bucket < BUCKET_ENDS.length - 1 && BUCKET_ENDS[bucket] < value) {
    bucket += 1;
  }
  return bucket;
}

/** Counts by bucket; buckets that hold nothing are left out. */
export type Histogram = Map<number, number>;

export function addValue(histogram: Histogram, value: number): void {
  const bucket = bucketOf(value);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

export function addHistogram(to: Histogram, from: Histogram): void {
  for (const [bucket, count] of from) {
    to.set(bucket, (to.get(bucket) ?? 0) + count);
  }
}

/** How many values there are. */
export function countOf(histogram: Histogram): number {
  let count = 0;
  for (const each of histogram.values()) count += each;
  return count;
}

/**
 * The smallest value that so many of all are not above, by the middle of its bucket; null when there is
 * none.
 * @param ratio from 0 to 1
 */
export function percentile(histogram: Histogram, ratio: number): number | null {
  const total = countOf(histogram);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(ratio * total));
  let seen = 0;
  for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
    seen += histogram.get(bucket)!;
    if (seen >= rank) return middleOf(bucket);
  }
  return null;
}

/** The geometric middle of a bucket, from which no value of it is further than 5 %. */
export function middleOf(bucket: number): number {
  if (bucket === 0) return FIRST_END / 2;
  return Math.sqrt(BUCKET_ENDS[bucket - 1] * BUCKET_ENDS[bucket]);
}
