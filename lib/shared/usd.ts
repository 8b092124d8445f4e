/** Money: US dollars as decimal text outside, whole micro-dollars (millionths of a dollar) inside. */

/** Up to nine digits, then up to six that count after the point; zeros behind them change nothing. */
export const USD_PATTERN = /^\d{1,9}(\.\d{1,6}0*)?$/;

const DECIMALS = 6;

/**
 * An amount such as `"0.075"` in micro-dollars, exactly.
 * @throws {TypeError} for anything but a decimal number of at least 0 with six decimals at most
 */
export function parseUsd(text: string): bigint {
  if (!USD_PATTERN.test(text)) {
    throw new TypeError(
      `Amount "${text}" is not a decimal number with at most "${DECIMALS}" decimals`,
    );
  }
  const [whole, decimals = ""] = text.split(".");
  return BigInt(whole + decimals.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
}

/** Micro-dollars as dollars with two decimals, or as many as there are: `1.00`, `0.0125`. */
export function formatUsd(microUsd: number): string {
  const digits = String(Math.abs(Math.round(microUsd)))
    .padStart(DECIMALS + 1, "0");
  const decimals = digits.slice(-DECIMALS).replace(/0{1,4}$/, "");
  const sign = microUsd < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -DECIMALS)}.${decimals}`;
}
