import type { Signal } from "@preact/signals";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import { listThreads } from "@/lib/shared/chat/thread_changes.ts";
import { type ThreadRow, toThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import { showToast } from "./toast.ts";

const MORE_THREADS = 200;

/**
 * Adds older threads to the rows.
 * @param cursor undefined for the first time: then the list begins again, and known rows stay as they are
 * @returns cursor of the next call, null at the end of the list
 */
export async function loadMore(
  rows: Signal<ThreadRow[]>,
  cursor: string | null | undefined,
): Promise<string | null | undefined> {
  try {
    const page = await listThreads(new ChatRequests(browserFetch), {
      limit: MORE_THREADS,
      cursor,
    });
    const known = new Set(rows.peek().map(({ id }) => id));
    const added = page.items.filter(({ id }) => !known.has(id));
    rows.value = [...rows.peek(), ...added.map(toThreadRow)];
    return page.nextCursor;
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    showToast(error.refusal.message);
    return cursor;
  }
}
