/** What a process has left of what it may use: descriptors, and memory. */
import { getHeapStatistics } from "node:v8";

/** Descriptors that must be free, so that connections already made can be answered. */
const WANTED = 32;

/**
 * Whether some descriptors are free, found out by opening a file as often. No count of ours can tell:
 * connections on which no request ever came are known to the system alone.
 *
 * What is opened is the store's folder, never its file: to close any descriptor of a file lets go of all
 * locks that the process has on it (https://sqlite.org/howtocorrupt.html, 2.2). The next process to close the
 * store would then take itself for the last one and remove the log with what was not in the file yet.
 * @param storePath path of the store's file; without one, there are
 */
export async function hasFreeDescriptors(
  storePath: string | null,
): Promise<boolean> {
  if (storePath === null) return true;
  const folder = storePath.replace(/[^/\\]*$/, "") || ".";
  const opened = await Promise.allSettled(
    Array.from({ length: WANTED }, () => Deno.open(folder)),
  );
  let isFree = true;
  for (const each of opened) {
    if (each.status === "fulfilled") each.value.close();
    else if (isTooMany(each.reason)) isFree = false;
  }
  return isFree;
}

/** Whether a file could not be opened for want of descriptors, and not because it is not there. */
function isTooMany(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "EMFILE" || error.code === "ENFILE");
}

/** Share of the heap limit in use, from 0 to 1. */
export function heapRatio(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
}
