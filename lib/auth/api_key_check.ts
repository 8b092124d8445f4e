/** Which of the keys that something rests on work no more. */
import type { Clock } from "@/lib/clock.ts";
import type { GroundCheck } from "./access_watch.ts";
import { hasExpired } from "./api_key_record.ts";
import type { ApiKeyStore } from "./api_key_store.ts";

/**
 * Looks up keys by their ids, past what is remembered of them.
 * @param onEnded told of those that have ended, where there are any
 */
export function endedKeys(
  store: ApiKeyStore,
  clock: Clock,
  onEnded: (ids: ReadonlySet<string>) => void = () => {},
): GroundCheck<"key"> {
  return async (grounds) => {
    const found = await store.loadMany(grounds);
    const nowMs = clock.now();
    const ended = grounds.filter(({ id }) => {
      const record = found.get(id);
      return record === undefined || hasExpired(record, nowMs);
    });
    if (ended.length > 0) onEnded(new Set(ended.map(({ id }) => id)));
    return ended;
  };
}
