/** Reads and writes of threads, messages and their texts. */
import { AppError, StorageError } from "@/lib/errors.ts";
import { readBlobText, writeBlob } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type {
  MessageRecord,
  StoredText,
  ThreadActivityRecord,
  ThreadRecord,
} from "./records.ts";

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

/** What an entry of the list of threads holds: all that counts is in its key. */
export const LIST_ENTRY = { v: 1 } as const;

export class ThreadStore {
  readonly #store: Store;
  readonly #owner: string;

  /** @param owner incarnation that writes */
  constructor(store: Store, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  async createThread(
    workspace: string,
    record: ThreadRecord,
    activity: ThreadActivityRecord,
  ): Promise<void> {
    const unit = new UnitOfWork()
      .guard(keys.threadKey(workspace, record.id), null, record)
      .set(keys.threadActivityKey(workspace, record.id), activity)
      .set(listKey(workspace, record.id, activity.updatedAt), LIST_ENTRY);
    const { ok } = await commit(this.#store, unit);
    if (!ok) throw new StorageError("The thread could not be stored.");
  }

  async loadThread(
    workspace: string,
    threadId: string,
  ): Promise<LoadedThread | null> {
    const [record, activity] = await getMany<
      [ThreadRecord, ThreadActivityRecord]
    >(this.#store, [
      keys.threadKey(workspace, threadId),
      keys.threadActivityKey(workspace, threadId),
    ]);
    if (record.value === null || activity.value === null) return null;
    return {
      record: record.value,
      activity: activity.value,
      recordVersionstamp: record.versionstamp,
      activityVersionstamp: activity.versionstamp,
    };
  }

  /** Threads by their newest activity, newest first. */
  async listThreads(
    workspace: string,
    { limit, cursor }: PageQuery,
  ): Promise<{
    items: { record: ThreadRecord; activity: ThreadActivityRecord }[];
    nextCursor: string | null;
  }> {
    const selector = keys.threadList(workspace, parseCursor(cursor));
    const rows = list(this.#store, selector, {
      reverse: true,
      limit: limit + 1,
    });
    const places = (await Array.fromAsync(rows)).map((row) =>
      keys.parseThreadListKey(row.key)
    );
    const shown = places.slice(0, limit);
    const entries = await getMany(
      this.#store,
      shown.flatMap(({ thread }) => [
        keys.threadKey(workspace, thread),
        keys.threadActivityKey(workspace, thread),
      ]),
    );
    const items = shown.flatMap((_, index) => {
      const record = entries[2 * index].value as ThreadRecord | null;
      const activity = entries[2 * index + 1].value as
        | ThreadActivityRecord
        | null;
      return record === null || activity === null ? [] : [{ record, activity }];
    });
    const last = shown.at(-1);
    const more = places.length > limit && last !== undefined;
    return {
      items,
      nextCursor: more ? `${last.updatedAtMs}.${last.thread}` : null,
    };
  }

  /** All messages of a thread, oldest first. */
  async readMessages(
    workspace: string,
    threadId: string,
  ): Promise<MessageRecord[]> {
    const rows = list<MessageRecord>(
      this.#store,
      keys.messages(workspace, threadId),
    );
    return (await Array.fromAsync(rows)).map((row) => row.value).sort(byTime);
  }

  async readMessage(
    workspace: string,
    threadId: string,
    messageId: string,
  ): Promise<MessageRecord | null> {
    const key = keys.messageKey(workspace, threadId, messageId);
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

  /** Stores a text, in blob parts when it is long; the caller stores what this returns. */
  async writeText(text: string): Promise<StoredText> {
    return text.length <= MAX_INLINE_CHARACTERS
      ? { inline: text }
      : { blob: await writeBlob(this.#store, text, { owner: this.#owner }) };
  }
}

/** Oldest first. Ids of questions are made by clients, so they alone say nothing about time. */
function byTime(a: MessageRecord, b: MessageRecord): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  if (a.role !== b.role) return a.role === "user" ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Key of a thread in the list by recency. */
export function listKey(
  workspace: string,
  threadId: string,
  updatedAt: string,
): Deno.KvKey {
  return keys.threadListKey(workspace, Date.parse(updatedAt), threadId);
}

/** @throws {AppError} 400 for a cursor that no page gave */
function parseCursor(cursor: string | null): keys.ThreadListPlace | null {
  if (cursor === null) return null;
  const match = /^(\d{1,15})\.(thr_[0-9A-Za-z]{22})$/.exec(cursor);
  if (match !== null) {
    return { updatedAtMs: Number(match[1]), thread: match[2] };
  }
  const message = "must be the nextCursor of an earlier page";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
