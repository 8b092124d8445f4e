/** Changes that people make to threads: each one atomic that checks what it was made from. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ThreadRecord } from "./records.ts";
import { addThreadEvent } from "./thread_events_store.ts";
import { expiryOf } from "./thread_expiry.ts";
import {
  groupKeys,
  LIST_ENTRY,
  type LoadedThread,
  type ThreadStore,
} from "./thread_store.ts";

/** How long the deletion of a thread can be undone, in milliseconds. */
export const THREAD_UNDO_MS = 30_000;

/** In the index of what is to be purged: one row for each deleted thread. */
export interface PurgeRecord {
  v: 1;
  /** The first rows may be gone; there is no way back. */
  begun: boolean;
}

export class ThreadEditStore {
  readonly #store: Store;
  readonly #threads: ThreadStore;

  constructor(store: Store, threads: ThreadStore) {
    this.#store = store;
    this.#threads = threads;
  }

  /**
   * Stores an edited record.
   * @param fields names of what has changed, for who listens
   * @param together what else belongs to the change, such as tags that are made for it
   * @returns whether it counted; false: somebody else was faster
   */
  async replace(
    space: string,
    loaded: LoadedThread,
    record: ThreadRecord,
    fields: string[],
    together: UnitOfWork = new UnitOfWork(),
  ): Promise<boolean> {
    const key = keys.threadKey(space, record.id);
    const unit = new UnitOfWork()
      .guard(key, loaded.recordVersionstamp, record, {
        expireInMs: expiryOf(record),
      })
      .add(together);
    const before = groupKeys(space, loaded.record);
    const after = groupKeys(space, record);
    for (const [text, key] of before) if (!after.has(text)) unit.delete(key);
    for (const [text, key] of after) {
      if (!before.has(text)) unit.set(key, LIST_ENTRY);
    }
    this.#event(unit, space, record, "updated", { fields });
    return (await commit(this.#store, unit)).ok;
  }

  /** Marks a thread as deleted, and when its rows are due to go. */
  async delete(space: string, loaded: LoadedThread): Promise<boolean> {
    const { record, recordVersionstamp } = loaded;
    const nowMs = this.#store.clock.now();
    const deleted: ThreadRecord = {
      ...record,
      deletedAt: new Date(nowMs).toISOString(),
      version: record.version + 1,
    };
    const purge: PurgeRecord = { v: 1, begun: false };
    const unit = new UnitOfWork()
      .guard(
        keys.threadKey(space, record.id),
        recordVersionstamp,
        deleted,
        { expireInMs: expiryOf(record) },
      )
      .set(
        keys.threadPurgeKey(nowMs + THREAD_UNDO_MS, space, record.id),
        purge,
      );
    this.#event(unit, space, record, "deleted");
    const user = userOf(space);
    if (user !== null) {
      const event = auditEvent("data.deleted", {
        actor: { user, key: null },
        subject: record.id,
        details: { kind: "thread", owner: user },
        at: nowMs,
      });
      unit.event(workspaceOf(space), event);
    }
    return (await commit(this.#store, unit)).ok;
  }

  /**
   * Takes a deletion back.
   * @returns the thread as it is now; null: there is none, or it is too late
   */
  async restore(
    space: string,
    threadId: string,
  ): Promise<LoadedThread | null | "conflict"> {
    const loaded = await this.#threads.loadAny(space, threadId);
    const deletedAt = loaded?.record.deletedAt ?? null;
    if (loaded === null || deletedAt === null) {
      return await this.#threads.loadThread(space, threadId);
    }
    const dueAtMs = Date.parse(deletedAt) + THREAD_UNDO_MS;
    const purgeKey = keys.threadPurgeKey(dueAtMs, space, threadId);
    const purge = await get<PurgeRecord>(this.#store, purgeKey);
    const late = this.#store.clock.now() >= dueAtMs;
    if (late || purge.value === null || purge.value.begun) return null;
    const record: ThreadRecord = {
      ...loaded.record,
      deletedAt: null,
      version: loaded.record.version + 1,
    };
    const unit = new UnitOfWork()
      .guard(
        keys.threadKey(space, threadId),
        loaded.recordVersionstamp,
        record,
        { expireInMs: expiryOf(record) },
      )
      .check(purgeKey, purge.versionstamp)
      .delete(purgeKey);
    this.#event(unit, space, record, "restored");
    const { ok } = await commit(this.#store, unit);
    // Read again: an answer may have ended meanwhile, and the caller is told how the thread is now.
    return ok ? await this.#threads.loadThread(space, threadId) : "conflict";
  }

  /** Takes the mark of an unseen answer away. The record and its version stay as they are. */
  async markRead(space: string, loaded: LoadedThread): Promise<boolean> {
    const { record, activity } = loaded;
    const unit = new UnitOfWork().guard(
      keys.threadActivityKey(space, record.id),
      loaded.activityVersionstamp,
      { ...activity, unread: false },
      { expireInMs: expiryOf(record) },
    );
    this.#event(unit, space, record, "updated", { fields: ["unread"] });
    return (await commit(this.#store, unit)).ok;
  }

  #event(
    unit: UnitOfWork,
    space: string,
    record: ThreadRecord,
    verb: Parameters<typeof addThreadEvent>[3],
    data?: Record<string, unknown>,
  ): void {
    addThreadEvent(
      unit,
      space,
      record,
      verb,
      this.#store.clock.now(),
      data,
    );
  }
}
