/** Changes that lose against another one begin again from what is there then. */
import { StorageError } from "@/lib/errors.ts";

/** Tries until a change counts as contended; each round of rivals lets one of them through. */
const MAX_TRIES = 100;

/** Longest random pause before the second try, in milliseconds; it grows with each, up to the limit. */
const PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 100;

/**
 * Runs an attempt until it is not in conflict any more. An attempt reads what it needs by itself.
 * @param attempt gives `"conflict"` when somebody else was faster
 * @throws {StorageError} `storage_contended` when that goes on and on
 */
export async function retryOnConflict<T>(
  attempt: () => Promise<T | "conflict">,
): Promise<T> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const result = await attempt();
    if (result !== "conflict") return result;
    const pauseMs = Math.min(PAUSE_MS * tries, LONGEST_PAUSE_MS);
    await new Promise((resolve) =>
      setTimeout(resolve, Math.random() * pauseMs)
    );
  }
  throw new StorageError(
    "Too many changes at the same time. Nothing was saved; try again.",
    { code: "storage_contended" },
  );
}
