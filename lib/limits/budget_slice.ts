/** How much of a budget an incarnation takes at a time, beyond what it needs at once. */
import { type Amount, type AmountLimit, atLeast } from "./budget_amount.ts";

/** What was taken last. */
export interface Slice {
  /** Beyond the need. */
  readonly size: Amount;
  /** Largest request so far. */
  readonly want: Amount;
  /** By the monotonic clock. */
  readonly atMs: number;
}

/** Part of what is free that a slice may be: the others want some of it too. */
const FREE_PART = 16;
/** Requests that a slice is for at first. */
const FIRST_REQUESTS = 4;
/** A slice that lasts shorter than this is doubled, in milliseconds. */
const SHORT_MS = 1_000;

/**
 * The next slice: large enough to last a second, and nothing at all where little is left, so that the last
 * of a budget is given out exactly.
 */
export function nextSlice(
  { size, want, atMs }: Slice,
  now: { want: Amount; free: AmountLimit; nowMs: number },
): Slice {
  const largest = atLeast(want, now.want);
  const isShort = now.nowMs - atMs < SHORT_MS;
  const part = (name: keyof Amount) => {
    const free = now.free[name];
    if (free === null) return 0;
    const most = Math.floor(free / FREE_PART);
    if (most < largest[name]) return 0;
    const wished = Math.max(
      isShort ? 2 * size[name] : size[name],
      FIRST_REQUESTS * largest[name],
    );
    return Math.min(wished, most);
  };
  return {
    size: { microUsd: part("microUsd"), tokens: part("tokens") },
    want: largest,
    atMs: now.nowMs,
  };
}
