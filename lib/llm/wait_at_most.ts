/** Resolves when the work is done, the wait is over or the signal aborts; never rejects. */
export function waitAtMost(
  ms: number,
  signal: AbortSignal | undefined,
  work: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    work.then(end, end);
  });
}
