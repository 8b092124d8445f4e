import { useEffect } from "preact/hooks";

/** The list is read again so long after the last time at the earliest, in milliseconds. */
const READ_EVERY_MS = 1_500;
/** A record follows the news of its run so soon, in milliseconds. */
const RECORD_FOLLOWS_MS = 700;

/**
 * Calls `read` when there are new requests, never twice at a time: soon after the news, and once more
 * when it has become quiet. What is given with the first rendering holds.
 */
export function useRequestNews(
  isWanted: boolean,
  read: () => Promise<void>,
): void {
  useEffect(() => {
    if (!isWanted) return;
    let isGone = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    let readAtMs = performance.now();
    let isReading = false;
    let isNewsBehind = false;
    const readSoon = () => {
      if (timer !== undefined || isGone) return;
      const since = performance.now() - readAtMs;
      timer = setTimeout(async () => {
        timer = undefined;
        if (isReading) return readSoon();
        readAtMs = performance.now();
        isReading = true;
        isNewsBehind = false;
        // The next news is the next chance.
        await read().catch(() => {});
        isReading = false;
        if (isNewsBehind) readSoon();
      }, Math.max(RECORD_FOLLOWS_MS, READ_EVERY_MS - since));
    };
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on("admin:requests", ({ type }) => {
        if (type === "channel.refused") return;
        isNewsBehind = true;
        readSoon();
      });
    });
    return () => {
      isGone = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
}
