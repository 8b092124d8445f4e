/** Reads and writes of threads, messages and their texts. */
import { StorageError } from "@/lib/errors.ts";
import { readBlobText, writeBlob } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type {
  MessageRecord,
  StoredText,
  ThreadActivityRecord,
  ThreadRecord,
} from "./records.ts";
import { addThreadEvent } from "./thread_events_store.ts";
import { expiryOf, isExpired } from "./thread_expiry.ts";

/** A thread with the versionstamps that a change of it checks. */
export interface LoadedThread {
  record: ThreadRecord;
  activity: ThreadActivityRecord;
  recordVersionstamp: string;
  activityVersionstamp: string;
}

/** Longest text kept in its record; as UTF-16 it is at most half a value. */
const MAX_INLINE_CHARACTERS = 16_000;

/** Bodies of blobs read at the same time. */
const PARALLEL_TEXTS = 8;

/** What an entry of a list of threads holds: all that counts is in its key. */
export const LIST_ENTRY = { v: 1 } as const;

export class ThreadStore {
  readonly #store: Store;
  readonly #owner: () => string;

  /** @param owner the incarnation that writes now */
  constructor(store: Store, owner: () => string) {
    this.#store = store;
    this.#owner = owner;
  }

  /**
   * Stores a new thread.
   * @param receipt committed with it, so that a repeated request makes one thread
   * @returns whether it counted; false: the receipt is there already
   */
  async createThread(
    space: string,
    record: ThreadRecord,
    activity: ThreadActivityRecord,
    receipt: UnitOfWork = new UnitOfWork(),
  ): Promise<boolean> {
    const expiry = { expireInMs: expiryOf(record) };
    const [remembered] = receipt.checks;
    const made: ThreadRecord = remembered === undefined
      ? record
      : { ...record, madeBy: keys.parseIdempotencyKey(remembered.key) };
    const unit = new UnitOfWork()
      .guard(keys.threadKey(space, record.id), null, made, expiry)
      .set(keys.threadActivityKey(space, record.id), activity, expiry)
      .add(receipt);
    if (record.temporary !== true) {
      unit.set(listKey(space, record.id, activity.updatedAt), LIST_ENTRY);
    }
    for (const key of groupKeys(space, record).values()) {
      unit.set(key, LIST_ENTRY);
    }
    const now = this.#store.clock.now();
    addThreadEvent(unit, space, record, "created", now);
    return (await commit(this.#store, unit)).ok;
  }

  /** A thread; null when there is none: never made, foreign, deleted or over. */
  async loadThread(
    space: string,
    threadId: string,
  ): Promise<LoadedThread | null> {
    const loaded = await this.loadAny(space, threadId);
    if (loaded === null) return null;
    const { record, activity } = loaded;
    const isDeleted = (record.deletedAt ?? null) !== null;
    return isDeleted || isExpired(record, activity, this.#store.clock.now())
      ? null
      : loaded;
  }

  /** A thread as it is stored, deleted or over as it may be. */
  async loadAny(
    space: string,
    threadId: string,
  ): Promise<LoadedThread | null> {
    const [record, activity] = await getMany<
      [ThreadRecord, ThreadActivityRecord]
    >(this.#store, [
      keys.threadKey(space, threadId),
      keys.threadActivityKey(space, threadId),
    ]);
    if (record.value === null || activity.value === null) return null;
    return {
      record: record.value,
      activity: activity.value,
      recordVersionstamp: record.versionstamp,
      activityVersionstamp: activity.versionstamp,
    };
  }

  /** All messages of a thread, oldest first. */
  async readMessages(
    space: string,
    threadId: string,
  ): Promise<MessageRecord[]> {
    const rows = list<MessageRecord>(
      this.#store,
      keys.messages(space, threadId),
    );
    return (await Array.fromAsync(rows)).map((row) => row.value).sort(byTime);
  }

  async readMessage(
    space: string,
    threadId: string,
    messageId: string,
  ): Promise<MessageRecord | null> {
    const key = keys.messageKey(space, threadId, messageId);
    return (await get<MessageRecord>(this.#store, key)).value;
  }

  /** The texts themselves, in the order given. */
  async readTexts(texts: StoredText[]): Promise<string[]> {
    const found: string[] = [];
    for (let from = 0; from < texts.length; from += PARALLEL_TEXTS) {
      const group = texts.slice(from, from + PARALLEL_TEXTS);
      found.push(
        ...await Promise.all(group.map((text) => this.#readText(text))),
      );
    }
    return found;
  }

  async #readText(text: StoredText): Promise<string> {
    if ("inline" in text) return text.inline;
    const found = await readBlobText(this.#store, text.blob);
    if (found === null) {
      throw new StorageError("A stored text is damaged.", {
        code: "blob_damaged",
      });
    }
    return found;
  }

  /**
   * Stores a text, in blob parts when it is long; the caller stores what this returns, and deletes what
   * `openTextKeys` names in the same atomic.
   * @param expireInMs as `expiryOf` gives it for the thread
   */
  async writeText(text: string, expireInMs?: number): Promise<StoredText> {
    if (text.length <= MAX_INLINE_CHARACTERS) return { inline: text };
    const owner = this.#owner();
    return { blob: await writeBlob(this.#store, text, { owner, expireInMs }) };
  }
}

/** Keys to delete in the atomic that stores a text: until then its parts belong to nobody. */
export function openTextKeys(text: StoredText): Deno.KvKey[] {
  return "inline" in text ? [] : [keys.openBlobKey(text.blob.blob)];
}

/** Rows by which the parts of a text are swept that nothing names any more. */
export function sweepRows(text: StoredText) {
  return openTextKeys(text)
    .map((key) => ({ key, value: { v: 1 as const, owner: null } }));
}

/** Oldest first. Ids of questions are made by clients, so they alone say nothing about time. */
function byTime(a: MessageRecord, b: MessageRecord): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  if (a.role !== b.role) return a.role === "user" ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Key of a thread in the list by recency. */
export function listKey(
  space: string,
  threadId: string,
  updatedAt: string,
): Deno.KvKey {
  return keys.threadListKey(space, Date.parse(updatedAt), threadId);
}

/** Keys of the groups that a thread is in, under texts that tell them apart; none for a temporary one. */
export function groupKeys(
  space: string,
  { id, pinned, projectId, tags, temporary }: ThreadRecord,
): Map<string, Deno.KvKey> {
  const groups: keys.ThreadGroup[] = [];
  if (pinned === true) groups.push({ pinned });
  if (projectId) groups.push({ project: projectId });
  for (const tag of tags ?? []) groups.push({ tag });
  return new Map(
    temporary === true ? [] : groups.map((group) => [
      JSON.stringify(group),
      keys.threadGroupKey(space, group, id),
    ]),
  );
}
