/** When a mail that could not be sent is tried again. */

const FIRST_MS = 5_000;
const QUICK_CAP_MS = 60_000;
/** Failures after which the server is taken to be down for longer. */
const QUICK_FAILURES = 5;
const SLOW_CAP_MS = 15 * 60_000;

/** From the first attempt on, a mail is tried for so long. */
export const TRIED_FOR_MS = 24 * 60 * 60 * 1_000;

/**
 * How long to wait after so many failures, in milliseconds: with full jitter (anything from nothing to the
 * cap), the cap doubling from 5 s to a minute, and from the sixth failure on from 2 minutes to 15.
 *
 * @param random from 0 to 1
 */
export function retryDelayMs(failures: number, random: number): number {
  const cap = failures <= QUICK_FAILURES
    ? Math.min(QUICK_CAP_MS, FIRST_MS * 2 ** (failures - 1))
    : Math.min(SLOW_CAP_MS, QUICK_CAP_MS * 2 ** (failures - QUICK_FAILURES));
  return Math.round(cap * random);
}
