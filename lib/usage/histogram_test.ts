import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addHistogram,
  addValue,
  BUCKET_ENDS,
  bucketOf,
  countOf,
  type Histogram,
  percentile,
} from "./histogram.ts";

function histogramOf(values: readonly number[]): Histogram {
  const histogram: Histogram = new Map();
  for (const value of values) addValue(histogram, value);
  return histogram;
}

const value = fc.double({ min: 1, max: 80_000_000, noNaN: true });

Deno.test("bucketOf: an end is in its own bucket, what is a little more in the next", () => {
  for (const [bucket, end] of BUCKET_ENDS.entries()) {
    assert.equal(bucketOf(end), bucket);
    if (bucket < BUCKET_ENDS.length - 1) {
      assert.equal(bucketOf(end * 1.000_001), bucket + 1);
    }
  }
});

Deno.test("bucketOf: what is no time is in the first bucket, what is beyond all in the last", () => {
  for (const odd of [0, -5, NaN, 0.3]) assert.equal(bucketOf(odd), 0);
  assert.equal(bucketOf(Infinity), BUCKET_ENDS.length - 1);
});

Deno.test("percentile: within 5 % of the exact one", () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0, 0.5, 0.95, 0.99, 1),
      (values, ratio) => {
        const sorted = values.toSorted((a, b) => a - b);
        const rank = Math.max(1, Math.ceil(ratio * values.length));
        const exact = sorted[rank - 1];
        const told = percentile(histogramOf(values), ratio)!;
        // Half of the first bucket is no measure of what is in it.
        const error = exact <= 1 ? 0 : Math.abs(told - exact) / exact;
        assert.ok(error < 0.05, `${told} for ${exact}`);
      },
    ),
  );
});

Deno.test("percentile: of nothing there is none", () => {
  assert.equal(percentile(new Map(), 0.5), null);
});

Deno.test("addHistogram: parts put together are the whole", () => {
  fc.assert(
    fc.property(fc.array(value), fc.array(value), (left, right) => {
      const sum = histogramOf(left);
      addHistogram(sum, histogramOf(right));
      assert.deepEqual(
        [...sum].sort(),
        [...histogramOf([...left, ...right])].sort(),
      );
      assert.equal(countOf(sum), left.length + right.length);
    }),
  );
});
