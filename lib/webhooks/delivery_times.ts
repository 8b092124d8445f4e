/** When a delivery is tried again. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The longest pause after each failure, as the example schedule of Standard Webhooks 1.0.0 has them. With
 * full jitter half of each is used on average, so that the last attempt is a day after the first.
 */
const DELAYS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
];

/** Attempts at one delivery. */
export const MAX_DELIVERY_ATTEMPTS = DELAYS_MS.length + 1;

/** A receiver is left alone so long at most, however long it asks for. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/** A webhook whose every attempt fails for so long is switched off. */
export const FAILING_TOO_LONG_MS = 5 * 24 * HOUR_MS;

/**
 * Milliseconds before the attempt that follows the given one (the first is 1), full jitter; never sooner
 * than the receiver asks for.
 */
export function delayAfter(
  attempt: number,
  retryAfterMs: number | null,
  random = Math.random,
): number {
  const most = DELAYS_MS[Math.min(attempt, DELAYS_MS.length) - 1];
  const asked = Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return Math.max(Math.floor(random() * most), asked);
}
