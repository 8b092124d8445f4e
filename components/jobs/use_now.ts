import { useEffect, useState } from "preact/hooks";

/** Times on the page are told anew so often, in milliseconds. */
const TELL_EVERY_MS = 5_000;

/**
 * The server's time, going on in the browser: its own clock may be wrong.
 * @param nowMs when the page was made, milliseconds since 1970 UTC
 */
export function useNow(nowMs: number): number {
  const [elapsedMs, setElapsedMs] = useState(0);
  useEffect(() => {
    const begunMs = performance.now();
    setElapsedMs(0);
    const timer = setInterval(
      () => setElapsedMs(performance.now() - begunMs),
      TELL_EVERY_MS,
    );
    return () => clearInterval(timer);
  }, [nowMs]);
  return nowMs + elapsedMs;
}
