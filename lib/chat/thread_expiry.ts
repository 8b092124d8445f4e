/** How long temporary threads live. */
import type { ThreadActivityRecord, ThreadRecord } from "./records.ts";

/** How long a temporary thread outlives its last answer, in milliseconds. */
export const TEMPORARY_MS = 60 * 60_000;

/** Rows live longer than what readers see of them, so that no thread is ever half there. */
const ROW_SLACK_MS = 5 * 60_000;

/**
 * `expireInMs` for every row of a thread, in milliseconds; undefined for one that is kept. Whatever
 * writes a row of a thread gives it, and whoever starts or ends an answer renews the other rows by
 * `TemporaryStore.refresh`.
 */
export function expiryOf(
  thread: Pick<ThreadRecord, "temporary">,
): number | undefined {
  return thread.temporary === true ? TEMPORARY_MS + ROW_SLACK_MS : undefined;
}

/**
 * Whether a temporary thread is over: nothing answers in it, and its last answer (or its making) is an
 * hour ago. `updatedAt` moves in the same write as the answer, so this needs no time of its own.
 */
export function isExpired(
  thread: Pick<ThreadRecord, "temporary">,
  activity: ThreadActivityRecord,
  nowMs: number,
): boolean {
  return thread.temporary === true && activity.activeRunId === null &&
    nowMs >= Date.parse(activity.updatedAt) + TEMPORARY_MS;
}
