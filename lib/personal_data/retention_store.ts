/** Finds what a workspace keeps no longer, and notes that it was removed. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import type { WorkspaceRecord } from "@/lib/auth/records.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

const DAY_MS = 24 * 60 * 60_000;
const NOTE_ATTEMPTS = 5;

/** A workspace that does not keep threads for ever. */
export interface LimitedWorkspace {
  id: string;
  /** Milliseconds after their last activity that threads are kept. */
  keptMs: number;
}

export class RetentionStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Milliseconds since 1970 UTC, as the store's clock has it. */
  now(): number {
    return this.#store.clock.now();
  }

  async *limited(
    signal: AbortSignal,
  ): AsyncGenerator<LimitedWorkspace, void, void> {
    const rows = list<WorkspaceRecord>(this.#store, keys.workspaces(), {
      signal,
    });
    for await (const { value: { id, threadsDays, deletedAt } } of rows) {
      if (typeof threadsDays !== "number" || deletedAt !== undefined) continue;
      yield { id, keptMs: threadsDays * DAY_MS };
    }
  }

  /** Ids of the workspaces that were deleted. */
  async *deleted(signal: AbortSignal): AsyncGenerator<string, void, void> {
    const rows = list<WorkspaceRecord>(this.#store, keys.workspaces(), {
      signal,
    });
    for await (const { value: { id, deletedAt } } of rows) {
      if (deletedAt !== undefined) yield id;
    }
  }

  /** The spaces of users in a workspace in which there is something. */
  async *userSpaces(
    workspace: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    for (let space: string | null = null;;) {
      const [row]: Deno.KvEntry<unknown>[] = await Array.fromAsync(
        list(this.#store, keys.userSpacesAfter(workspace, space), {
          limit: 1,
          signal,
        }),
      );
      if (row === undefined) return;
      space = keys.parseSpace(row.key);
      yield space;
    }
  }

  /** Ids of the threads of a space whose last activity was before a time. */
  async *untouched(
    space: string,
    beforeMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const rows = list(
      this.#store,
      keys.threadsUntouchedSince(space, beforeMs),
      { signal },
    );
    for await (const { key } of rows) {
      yield keys.parseThreadListKey(key).thread;
    }
  }

  /** Tells the audit log how many threads were removed. */
  async note(workspace: string, count: number): Promise<void> {
    const key = keys.threadRetentionKey(workspace);
    for (let attempt = 0; attempt < NOTE_ATTEMPTS; attempt += 1) {
      const { versionstamp } = await get(this.#store, key);
      const at = this.now();
      const unit = new UnitOfWork()
        .guard(key, versionstamp, { v: 1, at, count })
        .event(
          workspace,
          auditEvent("data.deleted", {
            actor: null,
            subject: workspace,
            details: { kind: "retention of threads", count },
            at,
          }),
        );
      if ((await commit(this.#store, unit)).ok) return;
    }
  }
}
