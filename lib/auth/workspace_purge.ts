/** Removes workspaces that were deleted, in the background of whichever process comes by. */
import type { WorkspacePurgeStore } from "./workspace_purge_store.ts";

const HOUR_MS = 60 * 60_000;

/** Answers that were being written when a workspace was deleted have ended by then. */
const FIRST_AFTER_MS = HOUR_MS;

/** What came late, such as events that were still being read, has come by then. */
const LAST_AFTER_MS = 25 * HOUR_MS;

export class WorkspacePurge {
  readonly #store: WorkspacePurgeStore;

  constructor(store: WorkspacePurgeStore) {
    this.#store = store;
  }

  /**
   * Removes what is due. What another process is at is left to it.
   * @throws the signal's reason when it aborts
   */
  async sweep(signal: AbortSignal): Promise<void> {
    const now = this.#store.now();
    for await (
      const workspace of this.#store.due(now - FIRST_AFTER_MS, signal)
    ) {
      const isDone = await this.#store.purge(workspace, signal);
      const isLast = workspace.record.deletedAt <= now - LAST_AFTER_MS;
      if (isDone && isLast) await this.#store.finish(workspace);
    }
  }
}
