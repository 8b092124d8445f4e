/** Renews the rows of temporary threads, which are all there is of them. */
import type { Versioned } from "@/lib/kv/store.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { MessageRecord } from "./records.ts";
import { expiryOf } from "./thread_expiry.ts";
import type { ThreadStore } from "./thread_store.ts";

/** Rows in one atomic: it takes no more checks, nor more bytes. */
const ROWS_PER_ATOMIC = 8;

type Row = Deno.KvEntry<Versioned>;

export class TemporaryStore {
  readonly #store: Store;
  readonly #threads: ThreadStore;

  constructor(store: Store, threads: ThreadStore) {
    this.#store = store;
    this.#threads = threads;
  }

  /**
   * Sets every row of a temporary thread again, with its whole time to live; does nothing for other
   * threads. Called when an answer has begun and when it has ended, after the commit that says so. Rows
   * that change meanwhile are left to whoever changes them: that is a renewal too.
   * @throws {StorageError} when the store does not answer
   */
  async refresh(
    space: string,
    threadId: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const loaded = await this.#threads.loadThread(space, threadId);
    const expireInMs = loaded === null ? undefined : expiryOf(loaded.record);
    if (expireInMs === undefined) return;
    let group: Row[] = [];
    for await (const row of this.#rows(space, threadId, signal)) {
      group.push(row);
      if (group.length < ROWS_PER_ATOMIC) continue;
      await this.#renew(group, expireInMs, signal);
      group = [];
    }
    await this.#renew(group, expireInMs, signal);
  }

  async #renew(
    rows: Row[],
    expireInMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    if (rows.length === 0) return;
    const unit = new UnitOfWork();
    for (const { key, versionstamp, value } of rows) {
      unit.guard(key, versionstamp, value, { expireInMs });
    }
    const { ok } = await commit(this.#store, unit, { signal });
    if (ok || rows.length === 1) return;
    // One of them has changed; the others have not.
    for (const row of rows) await this.#renew([row], expireInMs, signal);
  }

  async *#rows(
    space: string,
    threadId: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Row, void, void> {
    yield* this.#present(keys.threadKey(space, threadId), signal);
    yield* this.#present(keys.threadActivityKey(space, threadId), signal);
    const messages = list<MessageRecord>(
      this.#store,
      keys.messages(space, threadId),
      { signal },
    );
    for await (const message of messages) {
      yield message;
      const { text, runId } = message.value;
      if ("blob" in text) {
        yield* list<Versioned>(this.#store, keys.blobParts(text.blob.blob), {
          batchSize: ROWS_PER_ATOMIC,
          signal,
        });
      }
      if (runId === null) continue;
      yield* this.#present(keys.runKey(space, runId), signal);
      yield* list<Versioned>(this.#store, keys.runLog(space, runId), {
        batchSize: ROWS_PER_ATOMIC,
        signal,
      });
    }
  }

  async *#present(
    key: Deno.KvKey,
    signal?: AbortSignal,
  ): AsyncGenerator<Row, void, void> {
    const entry = await get<Versioned>(this.#store, key, { signal });
    if (entry.value !== null) yield entry;
  }
}
