/** Reads what a user has in a workspace, some rows at a time however much it is. */
import type {
  MessageRecord,
  ThreadActivityRecord,
  ThreadRecord,
} from "@/lib/chat/records.ts";
import { auditEvent, type AuditFields } from "@/lib/audit/audit_event.ts";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

/** Threads, and messages, read at a time. A message has up to 32 KB. */
const ROWS_PER_READ = 50;

const NOTE_ATTEMPTS = 5;

export interface ExportedThread {
  record: ThreadRecord;
  activity: ThreadActivityRecord;
}

export class ExportStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Milliseconds since 1970 UTC, as the store's clock has it. */
  now(): number {
    return this.#store.clock.now();
  }

  /** The threads of a space, oldest first, but for temporary and deleted ones. */
  async *threads(
    space: string,
    signal: AbortSignal,
  ): AsyncGenerator<ExportedThread[], void, void> {
    for (let after: string | null = null;;) {
      const rows: Deno.KvEntry<ThreadRecord>[] = await Array.fromAsync(
        list<ThreadRecord>(this.#store, keys.threadsAfter(space, after), {
          limit: ROWS_PER_READ,
          signal,
        }),
      );
      const records = rows.map(({ value }) => value).filter((record) =>
        record.temporary !== true && (record.deletedAt ?? null) === null
      );
      const activities = await getMany(
        this.#store,
        records.map(({ id }) => keys.threadActivityKey(space, id)),
        { signal },
      );
      yield records.flatMap((record, index) => {
        const activity = activities[index].value as ThreadActivityRecord | null;
        return activity === null ? [] : [{ record, activity }];
      });
      if (rows.length < ROWS_PER_READ) return;
      after = rows[rows.length - 1].value.id;
    }
  }

  /** A thread, but no temporary or deleted one. */
  async thread(
    space: string,
    id: string,
    signal: AbortSignal,
  ): Promise<ExportedThread | null> {
    const [{ value: record }, { value: activity }] = await getMany<
      [ThreadRecord, ThreadActivityRecord]
    >(
      this.#store,
      [keys.threadKey(space, id), keys.threadActivityKey(space, id)],
      { signal },
    );
    if (record === null || activity === null) return null;
    const isThere = record.temporary !== true &&
      (record.deletedAt ?? null) === null;
    return isThere ? { record, activity } : null;
  }

  /** The messages of a thread, by id, which is nearly by time. */
  async *messages(
    space: string,
    thread: string,
    signal: AbortSignal,
  ): AsyncGenerator<MessageRecord, void, void> {
    const rows = list<MessageRecord>(
      this.#store,
      keys.messages(space, thread),
      { batchSize: ROWS_PER_READ, signal },
    );
    for await (const { value } of rows) yield value;
  }

  /** Those of the messages that are there, in the order given. */
  async messagesById(
    space: string,
    thread: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<MessageRecord[]> {
    const entries = await getMany(
      this.#store,
      ids.map((id) => keys.messageKey(space, thread, id)),
      { signal },
    );
    return entries.flatMap(({ value }) =>
      value === null ? [] : [value as MessageRecord]
    );
  }

  /**
   * Tells the audit log of an export or a look at somebody's data, before anything of it is sent.
   * @throws {StorageError} when it could not be written
   */
  async note<T extends "data.exported" | "data.read">(
    workspace: string,
    user: string,
    type: T,
    fields: AuditFields<T>,
  ): Promise<void> {
    const key = keys.lastExportKey(workspace, user);
    for (let attempt = 0; attempt < NOTE_ATTEMPTS; attempt += 1) {
      const { versionstamp } = await get(this.#store, key);
      const at = this.now();
      const unit = new UnitOfWork()
        .guard(key, versionstamp, { v: 1, at })
        .event(workspace, auditEvent(type, { ...fields, at }));
      if ((await commit(this.#store, unit)).ok) return;
    }
    throw new StorageError("The export could not be noted.");
  }
}
