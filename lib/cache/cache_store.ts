/** The second level: answers in the store, for all processes. */
import { StorageError } from "@/lib/errors.ts";
import { type BlobManifest, readBlob, writeBlob } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { TokenUsage } from "@/lib/llm/types.ts";
import type { CachedAnswer, ServedBy } from "./answer.ts";
import type { CacheKey } from "./cache_key.ts";
import { decodeDeltas, encodeDeltas } from "./delta_codec.ts";

/** Content up to this size stands in the record itself. */
const INLINE_BYTES = 48 * 1024;
/** How much longer than their record the parts of a content live, so that none is missing early. */
const PARTS_LONGER_MS = 60 * 60 * 1_000;
/** Rows that one commit of a purge looks at; each may have a record and parts to delete. */
const PURGE_ROWS = 100;
/** Deletions in one commit. */
const PURGE_DELETES = 400;
/** How often a commit that lost against another one is tried again. */
const PURGE_ATTEMPTS = 5;

interface AnswerRecord extends Versioned {
  readonly v: 1;
  readonly content: { inline: Uint8Array } | { blob: BlobManifest };
  readonly finishReason: string;
  readonly usage: TokenUsage | null;
  readonly served: ServedBy;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
}

/** What a list of kept answers says about one. */
export interface AnswerRow extends Versioned {
  readonly v: 1;
  /** As it was asked: `<provider>/<model>`, or a route. */
  readonly target: string;
  readonly served: ServedBy;
  /** Size of its content, encoded. */
  readonly bytes: number;
  /** Parts that hold it; null when its record does. */
  readonly parts: { blob: string; count: number } | null;
}

/** An answer in a list. */
export interface ListedAnswer extends AnswerRow {
  readonly hash: string;
  readonly storedAtMs: number;
}

/** An answer that is there, and how it ended. */
export interface KeptEntry extends ListedAnswer {
  readonly expiresAtMs: number;
  readonly finishReason: string;
  readonly usage: TokenUsage | null;
}

export class CacheStore {
  readonly #store: Store;
  readonly #owner: () => string;

  /** @param owner incarnation of this process, which owns what it has not finished writing */
  constructor(store: Store, owner: () => string) {
    this.#store = store;
    this.#owner = owner;
  }

  /**
   * The answer under a key. What is there but not whole, or cannot be read, is removed.
   * @returns null when there is none that holds now
   * @throws {StorageError} when the store does not answer
   */
  async read(
    { workspace, hash }: CacheKey,
    signal: AbortSignal,
  ): Promise<CachedAnswer | null> {
    const key = keys.keptAnswerKey(workspace, hash);
    const { value, versionstamp } = await get<AnswerRecord>(this.#store, key, {
      signal,
    });
    if (versionstamp === null || !this.#holds(value)) return null;
    const { content, finishReason, usage, served } = value;
    const bytes = "inline" in content
      ? content.inline
      : await readBlob(this.#store, content.blob, { signal });
    const deltas = bytes === null ? null : await decodeDeltas(bytes);
    if (deltas === null) {
      await this.#forget(key, versionstamp, value, signal);
      return null;
    }
    const { storedAtMs, expiresAtMs } = value;
    return { deltas, finishReason, usage, served, storedAtMs, expiresAtMs };
  }

  /**
   * Stores an answer unless there is one, or something was purged since its question was asked.
   * @param purgeStamp what `purgeStamp` gave before the provider was asked
   * @returns whether it is there now
   * @throws {StorageError} when the store does not answer
   */
  async write(
    key: CacheKey,
    answer: CachedAnswer,
    purgeStamp: string | null,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { workspace, hash, target } = key;
    const recordKey = keys.keptAnswerKey(workspace, hash);
    const there = await get<AnswerRecord>(this.#store, recordKey, { signal });
    if (there.versionstamp !== null && this.#holds(there.value)) return true;
    const { deltas, finishReason, usage, served } = answer;
    const { storedAtMs, expiresAtMs } = answer;
    const expireInMs = expiresAtMs - this.#store.clock.now();
    if (expireInMs <= 0) return false;
    const bytes = await encodeDeltas(deltas);
    const unit = new UnitOfWork()
      .check(keys.cachePurgeKey(workspace), purgeStamp);
    let content: AnswerRecord["content"] = { inline: bytes };
    let parts: AnswerRow["parts"] = null;
    if (bytes.length > INLINE_BYTES) {
      const blob = await writeBlob(this.#store, bytes, {
        owner: this.#owner(),
        expireInMs: expireInMs + PARTS_LONGER_MS,
        signal,
      });
      content = { blob };
      parts = { blob: blob.blob, count: blob.parts };
      unit.delete(keys.openBlobKey(blob.blob));
    }
    const record: AnswerRecord = {
      v: 1,
      content,
      finishReason,
      usage,
      served,
      storedAtMs,
      expiresAtMs,
    };
    const row: AnswerRow = { v: 1, target, served, bytes: bytes.length, parts };
    const rowKey = keys.keptAnswerRowKey(workspace, storedAtMs, hash);
    unit.guard(recordKey, there.versionstamp, record, { expireInMs })
      .set(rowKey, row, { expireInMs });
    const before = there.value?.storedAtMs;
    if (before !== undefined && before !== storedAtMs) {
      unit.delete(keys.keptAnswerRowKey(workspace, before, hash));
    }
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** Changes with every purge of a workspace. */
  async purgeStamp(
    workspace: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const key = keys.cachePurgeKey(workspace);
    return (await get(this.#store, key, { signal })).versionstamp;
  }

  /**
   * The answers kept for a workspace, oldest first.
   * @param beforeMs only those stored before that time; null: all
   */
  async *#rows(
    workspace: string,
    beforeMs: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<ListedAnswer, void, void> {
    const selector = keys.keptAnswerRows(workspace, beforeMs);
    const rows = list<AnswerRow>(this.#store, selector, { signal });
    for await (const { key, value } of rows) {
      yield { ...value, ...keys.parseKeptAnswerRowKey(key) };
    }
  }

  /**
   * A page of the answers kept for a workspace, newest first.
   * @param before the last one of the page before it; null: from the newest on
   */
  async page(
    workspace: string,
    before: Pick<ListedAnswer, "storedAtMs" | "hash"> | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<ListedAnswer[]> {
    const selector = keys.keptAnswersBefore(workspace, before);
    const rows = list<AnswerRow>(this.#store, selector, {
      limit,
      reverse: true,
      signal,
    });
    return await Array.fromAsync(rows, ({ key, value }) => ({
      ...value,
      ...keys.parseKeptAnswerRowKey(key),
    }));
  }

  /**
   * What is known of the answer under a hash, but not the answer itself.
   * @returns null when there is none that holds now
   * @throws {StorageError} when the store does not answer
   */
  async describe(
    workspace: string,
    hash: string,
    signal: AbortSignal,
  ): Promise<KeptEntry | null> {
    const { value } = await get<AnswerRecord>(
      this.#store,
      keys.keptAnswerKey(workspace, hash),
      { signal },
    );
    if (value === null || !this.#holds(value)) return null;
    const { storedAtMs, expiresAtMs, finishReason, usage } = value;
    const row = await get<AnswerRow>(
      this.#store,
      keys.keptAnswerRowKey(workspace, storedAtMs, hash),
      { signal },
    );
    if (row.value === null) return null;
    return { ...row.value, hash, storedAtMs, expiresAtMs, finishReason, usage };
  }

  /**
   * Tells every process that what it has in memory of a workspace is out of date, and keeps answers from
   * being stored that were asked for before.
   * @throws {StorageError} when the store does not answer, or others purge all the time
   */
  async markPurge(workspace: string, signal: AbortSignal): Promise<void> {
    await this.#purgeCommit(workspace, [], signal);
  }

  /**
   * Removes answers.
   * @returns how many
   * @throws {StorageError} as `markPurge` does
   */
  async purge(
    workspace: string,
    beforeMs: number | null,
    isMeant: (row: ListedAnswer) => boolean,
    signal: AbortSignal,
  ): Promise<number> {
    let removed = 0;
    let rows = 0;
    let deletes: Deno.KvKey[] = [];
    const flush = async () => {
      await this.#purgeCommit(workspace, deletes, signal);
      removed += rows;
      rows = 0;
      deletes = [];
    };
    for await (const row of this.#rows(workspace, beforeMs, signal)) {
      if (!isMeant(row)) continue;
      const keysOfRow = keysOf(workspace, row);
      if (
        rows === PURGE_ROWS ||
        rows > 0 && deletes.length + keysOfRow.length > PURGE_DELETES
      ) await flush();
      deletes.push(...keysOfRow);
      rows += 1;
    }
    if (rows > 0) await flush();
    return removed;
  }

  #holds(record: AnswerRecord): boolean {
    return record.v === 1 && record.expiresAtMs > this.#store.clock.now();
  }

  async #purgeCommit(
    workspace: string,
    deletes: readonly Deno.KvKey[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let attempt = 1; attempt <= PURGE_ATTEMPTS; attempt += 1) {
      const stamp = await this.purgeStamp(workspace, signal);
      const unit = new UnitOfWork()
        .guard(keys.cachePurgeKey(workspace), stamp, { v: 1 });
      for (const key of deletes) unit.delete(key);
      if ((await commit(this.#store, unit, { signal })).ok) return;
    }
    throw new StorageError("Other purges of the cache came in between.");
  }

  /** Takes a record out that names what is not there: it ends at once, under a check. */
  async #forget(
    key: Deno.KvKey,
    versionstamp: string,
    record: AnswerRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const ended: AnswerRecord = {
      ...record,
      content: { inline: new Uint8Array() },
      expiresAtMs: 0,
    };
    const unit = new UnitOfWork()
      .guard(key, versionstamp, ended, { expireInMs: 1 });
    await commit(this.#store, unit, { signal });
  }
}

/** Everything that the store has of an answer. */
function keysOf(
  workspace: string,
  { hash, storedAtMs, parts }: ListedAnswer,
): Deno.KvKey[] {
  const all = [
    keys.keptAnswerKey(workspace, hash),
    keys.keptAnswerRowKey(workspace, storedAtMs, hash),
  ];
  if (parts === null) return all;
  for (let part = 0; part < parts.count; part += 1) {
    all.push(keys.blobPartKey(parts.blob, part));
  }
  return all;
}
