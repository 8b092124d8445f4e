/** What of a thread goes into the search index, read from the store. */
import type { MessageRecord } from "@/lib/chat/records.ts";
import type { ThreadStore } from "@/lib/chat/thread_store.ts";
import { StorageError } from "@/lib/errors.ts";
import { isId } from "@/lib/shared/ids.ts";
import type { ThreadChange } from "./segment_build.ts";
import type { ScanStore } from "./scan_store.ts";
import { KIND, TITLE_ID } from "./segment_writer.ts";

/** Characters of a message that are indexed; a longer one is found by its beginning. */
export const INDEXED_CHARACTERS = 100_000;

/** Characters of a thread that are read when all of it is indexed at once, the newest messages first. */
const WHOLE_THREAD_CHARACTERS = 2_000_000;

/** Threads listed for one step of indexing anew. */
const THREADS_PER_STEP = 64;

/** Which parts of a thread to look at again; its title always is. */
export interface Wanted {
  /** With prefix. */
  thread: string;
  messages: ReadonlySet<string>;
  /** All messages, and nothing that was indexed before. */
  isWhole: boolean;
}

export interface Change extends ThreadChange {
  /** How much text there is. */
  characters: number;
}

/** An id as the index has it: without its prefix. */
export function bareId(id: string): string {
  return id.slice(4);
}

export class ChangeReader {
  readonly #threads: ThreadStore;
  readonly #scan: ScanStore;

  constructor(threads: ThreadStore, scan: ScanStore) {
    this.#threads = threads;
    this.#scan = scan;
  }

  /**
   * A thread as it is now; null when there is nothing to index, since it is temporary or its id is none.
   * @throws {StorageError} when the store does not answer
   */
  async read(space: string, wanted: Wanted): Promise<Change | null> {
    if (!isId("thr", wanted.thread)) return null;
    const loaded = await this.#threads.loadThread(space, wanted.thread);
    const id = bareId(wanted.thread);
    if (loaded === null) {
      const nothing = { id, updatedAtMs: 0, documents: [], characters: 0 };
      return { ...nothing, replaces: true };
    }
    const { record, activity } = loaded;
    if (record.temporary) return null;
    const documents: ThreadChange["documents"] = [
      { id: TITLE_ID, kind: KIND.title, text: record.title },
    ];
    const messages = wanted.isWhole
      ? await this.#threads.readMessages(space, wanted.thread)
      : await this.#readMessages(space, wanted);
    let characters = record.title.length;
    for (const { id, record } of messages.toReversed().map(placed)) {
      if (!isId("msg", id) || characters > WHOLE_THREAD_CHARACTERS) continue;
      const text = await this.#textOf(record);
      characters += text?.length ?? 0;
      documents.push({
        id: bareId(id),
        kind: text === null ? KIND.gone : KIND[record!.role],
        text: text ?? "",
      });
    }
    return {
      id,
      replaces: wanted.isWhole,
      updatedAtMs: Date.parse(activity.updatedAt),
      documents,
      characters,
    };
  }

  /** Whole threads in the order of their ids, up to a number of characters; `next` is for the rest. */
  async readThreads(
    space: string,
    after: string | null,
    mostCharacters: number,
    signal: AbortSignal,
  ): Promise<{ changes: Change[]; next: string | null }> {
    const ids = await this.#scan.threadsAfter(
      space,
      after,
      THREADS_PER_STEP,
      signal,
    );
    const changes: Change[] = [];
    let characters = 0;
    for (const id of ids) {
      signal.throwIfAborted();
      const change = await this.read(space, {
        thread: id,
        messages: new Set(),
        isWhole: true,
      });
      if (change !== null && change.documents.length > 0) {
        changes.push(change);
        characters += change.characters;
      }
      if (characters > mostCharacters) return { changes, next: id };
    }
    const isEnd = ids.length < THREADS_PER_STEP;
    return { changes, next: isEnd ? null : ids[ids.length - 1] };
  }

  async #readMessages(
    space: string,
    { thread, messages }: Wanted,
  ): Promise<(MessageRecord | string)[]> {
    return await Promise.all(
      [...messages].map(async (id) =>
        await this.#threads.readMessage(space, thread, id) ?? id
      ),
    );
  }

  /** Null: there is nothing of it to find. */
  async #textOf(record: MessageRecord | null): Promise<string | null> {
    if (record === null || record.status === "streaming") return null;
    try {
      const [text] = await this.#threads.readTexts([record.text]);
      return text.slice(0, INDEXED_CHARACTERS);
    } catch (error) {
      // Damaged for good, or just purged: nobody can read it, so nobody has to find it.
      if (error instanceof StorageError && error.code === "blob_damaged") {
        return null;
      }
      throw error;
    }
  }
}

/** A message, or the id of one that is not there. */
function placed(
  message: MessageRecord | string,
): { id: string; record: MessageRecord | null } {
  return typeof message === "string"
    ? { id: message, record: null }
    : { id: message.id, record: message };
}
