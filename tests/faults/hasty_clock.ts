/** A clock on which pauses and leases are over soon; the same for all processes that are told its beginning. */
import type { Clock } from "@/lib/clock.ts";

/** How much faster it goes. */
export const HASTE = 20;

/** @param sinceMs when it goes right, milliseconds since 1970 UTC */
export function hastyClock(sinceMs: number): Clock {
  return {
    now: () => sinceMs + (Date.now() - sinceMs) * HASTE,
    monotonic: () => performance.now() * HASTE,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs / HASTE);
      return () => clearTimeout(timer);
    },
  };
}
