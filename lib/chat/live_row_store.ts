/** Threads as the rows that live connections send. */
import { threadActivityKey, threadKey } from "@/lib/kv/keys.ts";
import { getMany } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";
import {
  type ThreadActivityRecord,
  type ThreadRecord,
  toThread,
} from "./records.ts";

/** The rows of threads as they are now; those that are deleted or gone are not in it. */
export async function loadLiveRows(
  store: Store,
  space: string,
  threads: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, LiveThread>> {
  const entries = await getMany(
    store,
    threads.flatMap((thread) => [
      threadKey(space, thread),
      threadActivityKey(space, thread),
    ]),
    { signal },
  );
  const rows = new Map<string, LiveThread>();
  for (const [index, id] of threads.entries()) {
    const record = entries[2 * index].value as ThreadRecord | null;
    const activity = entries[2 * index + 1].value as
      | ThreadActivityRecord
      | null;
    if (record === null || activity === null || record.deletedAt) continue;
    const thread = toThread(record, activity);
    const { title, updatedAt, pinned, archived, unread } = thread;
    const { activeRunId, temporary, projectId, version } = thread;
    rows.set(id, {
      id,
      title,
      updatedAt,
      pinned,
      archived,
      unread,
      activeRunId,
      temporary,
      projectId,
      version,
    });
  }
  return rows;
}
