/** Which run answers in a chat that an AI SDK client keeps, so that it is found again by the chat's id. */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { chatRunKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

interface ChatRunRecord {
  v: 1;
  runId: string;
}

/** How long a chat is known after its last question, in milliseconds; no answer takes as long. */
const KEPT_MS = 24 * 60 * 60_000;

/** Tries to write while somebody else asks in the same chat. */
const WRITE_ATTEMPTS = 5;

export class ChatRunStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Remembers the newest run of a chat.
   * @throws {StorageError} when it could not be written
   */
  async remember(
    space: string,
    chat: string,
    runId: string,
  ): Promise<void> {
    const key = chatRunKey(space, chat);
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt += 1) {
      const { versionstamp } = await get<ChatRunRecord>(this.#store, key);
      const record: ChatRunRecord = { v: 1, runId };
      const unit = new UnitOfWork()
        .guard(key, versionstamp, record, { expireInMs: KEPT_MS });
      if ((await commit(this.#store, unit)).ok) return;
    }
    throw new StorageError("The chat's run could not be stored.");
  }

  /** The newest run of a chat; null when none is known. */
  async find(space: string, chat: string): Promise<string | null> {
    const { value } = await get<ChatRunRecord>(
      this.#store,
      chatRunKey(space, chat),
    );
    return value?.runId ?? null;
  }
}
