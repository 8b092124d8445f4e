/** Quantiles of what was measured. */

/** The value below which a share of all values lies, by nearest rank. @param share from 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const rank = Math.max(Math.ceil(share * sorted.length), 1);
  return sorted[rank - 1];
}

/** Median, a high quantile and the worst of some milliseconds, as text. */
export function spread(milliseconds: readonly number[], share: number): string {
  const text = (value: number) => `${value.toFixed(1)} ms`;
  return `p50 ${text(quantile(milliseconds, 0.5))}, p${share * 100} ${
    text(quantile(milliseconds, share))
  }, worst ${
    text(quantile(milliseconds, 1))
  } (${milliseconds.length} measurements)`;
}
