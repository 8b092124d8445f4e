/**
 * Deletes threads that nobody has touched for as long as their workspace keeps them. Pinned threads are
 * kept, and those that are being answered. As every deletion it can be undone for 30 s.
 */
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { ThreadEditStore } from "@/lib/chat/thread_edit_store.ts";
import type { LoadedThread, ThreadStore } from "@/lib/chat/thread_store.ts";
import type { RetentionStore } from "./retention_store.ts";

export interface ThreadRetentionParts {
  store: RetentionStore;
  threads: Pick<ThreadStore, "loadThread">;
  edits: Pick<ThreadEditStore, "delete">;
}

export class ThreadRetention {
  readonly #parts: ThreadRetentionParts;

  constructor(parts: ThreadRetentionParts) {
    this.#parts = parts;
  }

  /**
   * Looks through all workspaces. Safe in several processes at once.
   * @param nowMs milliseconds since 1970 UTC
   * @returns how many threads were deleted
   */
  async sweep(
    signal: AbortSignal,
    nowMs = this.#parts.store.now(),
  ): Promise<number> {
    const { store } = this.#parts;
    let deleted = 0;
    for await (const { id, keptMs } of store.limited(signal)) {
      let ofWorkspace = 0;
      for await (const space of store.userSpaces(id, signal)) {
        ofWorkspace += await this.#sweepSpace(space, nowMs - keptMs, signal);
      }
      if (ofWorkspace > 0) await store.note(id, ofWorkspace);
      deleted += ofWorkspace;
    }
    return deleted;
  }

  async #sweepSpace(
    space: string,
    beforeMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    const { store, threads, edits } = this.#parts;
    let deleted = 0;
    for await (const id of store.untouched(space, beforeMs, signal)) {
      const isDeleted = await retryOnConflict(async () => {
        const loaded = await threads.loadThread(space, id);
        if (loaded === null || isKept(loaded, beforeMs)) return false;
        return await edits.delete(space, loaded) ? true : "conflict";
      });
      if (isDeleted) deleted += 1;
    }
    return deleted;
  }
}

function isKept({ record, activity }: LoadedThread, beforeMs: number): boolean {
  return record.pinned === true || activity.activeRunId !== null ||
    Date.parse(activity.updatedAt) >= beforeMs;
}
