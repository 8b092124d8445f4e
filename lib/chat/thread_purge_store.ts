/**
 * Takes the rows of deleted threads out of the store: in small atomics, each of which checks and moves
 * the thread's row in the index of purges. So a purge goes on after a crash where it was, two processes
 * at it do not harm each other, and the thread's record goes last, together with that row.
 */
import type { BlobManifest } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import {
  type IdempotencyRef,
  type MessageRecord,
  type RunRecord,
  type StoredText,
  type ThreadActivityRecord,
  type ThreadRecord,
} from "./records.ts";
import type { PurgeRecord } from "./thread_edit_store.ts";
import { addThreadEvent } from "./thread_events_store.ts";
import { groupKeys, listKey } from "./thread_store.ts";

/** A deleted thread whose rows are to go. */
export interface DuePurge {
  dueAtMs: number;
  space: string;
  thread: string;
}

/**
 * What became of a purge. `answering`: a run of the thread has not ended; its end would bring rows back,
 * so nothing was removed. `contended`: another process is at it, or it was undone.
 */
export type PurgeOutcome =
  | { state: "purged" | "gone" | "contended" }
  | { state: "answering"; runId: string };

/** Rows that one atomic removes, at most. */
export const ROWS_PER_ATOMIC = 100;

/** Messages looked at together. */
const MESSAGES_PER_LOOK = 50;

export class ThreadPurgeStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Wall clock of the store, milliseconds since 1970 UTC. */
  now(): number {
    return this.#store.clock.now();
  }

  /** The purges that are due at a time, longest due first. */
  async *due(
    nowMs: number,
    signal?: AbortSignal,
  ): AsyncGenerator<DuePurge, void, void> {
    const rows = list(this.#store, keys.threadPurges(nowMs), { signal });
    for await (const { key } of rows) yield keys.parseThreadPurgeKey(key);
  }

  /**
   * Removes all rows of a deleted thread, if nothing can bring any back.
   * @throws {StorageError} when the store does not answer; what is gone by then stays gone
   * @throws the signal's reason when it aborts
   */
  async purge(due: DuePurge, signal?: AbortSignal): Promise<PurgeOutcome> {
    const { space, thread, dueAtMs } = due;
    const key = keys.threadPurgeKey(dueAtMs, space, thread);
    const entry = await get<PurgeRecord>(this.#store, key, { signal });
    if (entry.value === null) return { state: "gone" };
    const runId = await this.#answering(space, thread, signal);
    if (runId !== null) return { state: "answering", runId };
    let versionstamp: string | null = entry.versionstamp;
    // Without a row removed, this first atomic is what ends the time for an undo.
    let rows: Deno.KvKey[] = [];
    do {
      const unit = new UnitOfWork().guard(key, versionstamp, {
        v: 1,
        begun: true,
      });
      for (const row of rows) unit.delete(row);
      const result = await commit(this.#store, unit, { signal });
      if (!result.ok) return { state: "contended" };
      versionstamp = result.versionstamp;
      rows = await this.#rows(space, thread, signal);
    } while (rows.length > 0);
    return await this.#finish(due, versionstamp, signal);
  }

  /**
   * The run that may still write rows of the thread, or null. None starts once the thread is marked as
   * deleted, since a start checks the thread's record; so this stays null once it was.
   */
  async #answering(
    space: string,
    thread: string,
    signal: AbortSignal | undefined,
  ): Promise<string | null> {
    const activity = await get<ThreadActivityRecord>(
      this.#store,
      keys.threadActivityKey(space, thread),
      { signal },
    );
    const runId = activity.value?.activeRunId ?? null;
    if (runId === null) return null;
    const key = keys.runKey(space, runId);
    const run = await get<RunRecord>(this.#store, key, { signal });
    return run.value === null || isEnded(run.value.status) ? null : runId;
  }

  /** Rows of the thread's oldest messages and their runs; empty when there are none left. */
  async #rows(
    space: string,
    thread: string,
    signal: AbortSignal | undefined,
  ): Promise<Deno.KvKey[]> {
    const found = await Array.fromAsync(
      list<MessageRecord>(this.#store, keys.messages(space, thread), {
        limit: MESSAGES_PER_LOOK,
        signal,
      }),
    );
    const rows: Deno.KvKey[] = [];
    for (const { key, value } of found) {
      if (value.runId !== null) {
        rows.push(...await this.#runRows(space, value.runId, signal));
      }
      // A message goes after what is found by it, so that a purge that is cut short finds the rest.
      rows.push(...blobRows(value.text), key);
      if (rows.length >= ROWS_PER_ATOMIC) break;
    }
    return rows.slice(0, ROWS_PER_ATOMIC);
  }

  /** Rows of a run, its record last. */
  async #runRows(
    space: string,
    runId: string,
    signal: AbortSignal | undefined,
  ): Promise<Deno.KvKey[]> {
    const key = keys.runKey(space, runId);
    const [run, segments] = await Promise.all([
      get<RunRecord>(this.#store, key, { signal }),
      Array.fromAsync(
        list(this.#store, keys.runLog(space, runId), {
          limit: ROWS_PER_ATOMIC,
          signal,
        }),
      ),
    ]);
    return [
      ...segments.map((segment) => segment.key),
      keys.runControlKey(space, runId),
      ...receiptRow(space, run.value?.madeBy),
      key,
    ];
  }

  async #finish(
    due: DuePurge,
    versionstamp: string,
    signal: AbortSignal | undefined,
  ): Promise<PurgeOutcome> {
    const { space, thread, dueAtMs } = due;
    const purgeKey = keys.threadPurgeKey(dueAtMs, space, thread);
    const threadKey = keys.threadKey(space, thread);
    const activityKey = keys.threadActivityKey(space, thread);
    const [record, activity] = await getMany<
      [ThreadRecord, ThreadActivityRecord]
    >(this.#store, [threadKey, activityKey], { signal });
    // The row that would show the token goes too: an outcome that is not known at once counts as
    // contended, and the next look finds no row.
    const unit = new UnitOfWork()
      .guard(purgeKey, versionstamp, { v: 1, begun: true })
      .delete(purgeKey)
      .check(threadKey, record.versionstamp)
      .delete(threadKey)
      .check(activityKey, activity.versionstamp)
      .delete(activityKey);
    for (const row of receiptRow(space, record.value?.madeBy)) {
      unit.delete(row);
    }
    if (activity.value !== null) {
      unit.delete(listKey(space, thread, activity.value.updatedAt));
    }
    if (record.value !== null) {
      for (const row of groupKeys(space, record.value).values()) {
        unit.delete(row);
      }
      addThreadEvent(unit, space, record.value, "purged", this.now());
    }
    const { ok } = await commit(this.#store, unit, { signal });
    return { state: ok ? "purged" : "contended" };
  }
}

function blobRows(text: StoredText): Deno.KvKey[] {
  if ("inline" in text) return [];
  const { blob, parts }: BlobManifest = text.blob;
  return Array.from(
    { length: parts },
    (_, part) => keys.blobPartKey(blob, part),
  );
}

function receiptRow(
  space: string,
  madeBy: IdempotencyRef | null | undefined,
): Deno.KvKey[] {
  return madeBy ? [keys.idempotencyKey(space, madeBy.scope, madeBy.key)] : [];
}
