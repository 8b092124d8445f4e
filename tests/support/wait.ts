/** Waiting for a condition, with a deadline instead of a guess. */

const POLL_MS = 5;
const DEADLINE_MS = 15_000;

/** Resolves with the first value that is neither null, undefined nor false. */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, null | undefined | false>> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) {
      {
        return value as Exclude<T, null | undefined | false>;
      }
    }
    if (performance.now() > giveUpAt) {
      throw new Error(`Waited ${deadlineMs} ms in vain for: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
