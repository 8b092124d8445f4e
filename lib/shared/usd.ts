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
