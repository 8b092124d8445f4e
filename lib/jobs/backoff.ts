/** How long a job waits for its next attempt: exponentially longer, with full jitter. */

const FIRST_MS = 1_000;
/** Nobody waits longer, in milliseconds. */
export const LONGEST_BACKOFF_MS = 60_000;

/**
 * Milliseconds before the attempt that follows the given one (the first is 1): evenly spread from 0 to
 * twice as long each time, so that those who failed together do not come back together.
 */
export function backoffMs(attempt: number, random = Math.random): number {
  const most = Math.min(2 * FIRST_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
  return Math.floor(random() * most);
}
