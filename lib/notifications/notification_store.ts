/** Reads of notifications, and what people do with them. */
import { AppError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { NotificationEvent } from "@/lib/shared/notification_events.ts";
import { InboxChange, loadInbox, rowOf } from "./inbox_store.ts";
import {
  type InboxState,
  KEPT_MS,
  MOST_KEPT,
  type NotificationRecord,
  type NotificationRow,
} from "./notification_record.ts";

/** Which notifications are wanted; what is null does not narrow them. */
export interface NotificationFilter {
  read: boolean | null;
  event: NotificationEvent | null;
}

/** Place in the list; the last of a page is where the next begins. */
export interface NotificationPlace {
  atMs: number;
  id: string;
}

/** What a change comes to. */
interface Change<T> {
  outcome: T;
  /** The state after it; null: nothing changes. */
  next: InboxState | null;
  /** The one notification that it is about; without it several. */
  subject?: string;
}

/** Notifications that one atomic changes. */
const PER_ATOMIC = 200;
/** Tries of a change while something else changes the same. */
const MAX_CONFLICTS = 20;
const SPACES_PER_SWEEP = 100;

export class NotificationStore {
  readonly #store: Store;
  readonly #mostKept: number;

  /** @param options.mostKept notifications that a space keeps: the newest */
  constructor(
    store: Store,
    { mostKept = MOST_KEPT }: { mostKept?: number } = {},
  ) {
    this.#store = store;
    this.#mostKept = mostKept;
  }

  /** Begins to gather what is to be added to a space. */
  async begin(space: string, signal?: AbortSignal): Promise<InboxChange> {
    const loaded = await loadInbox(this.#store, space, signal);
    return new InboxChange(this.#store, space, loaded, this.#mostKept);
  }

  async load(space: string, id: string): Promise<NotificationRecord | null> {
    const key = keys.notificationKey(space, id);
    const { value } = await get<NotificationRecord>(this.#store, key);
    return value !== null && this.#isKept(value) ? value : null;
  }

  /** How many nobody has read. */
  async unread(space: string): Promise<number> {
    return (await loadInbox(this.#store, space)).state.unread;
  }

  /** Newest first: at most so many of those before a place (null: all) that pass the filter. */
  async list(
    space: string,
    filter: NotificationFilter,
    before: NotificationPlace | null,
    limit: number,
  ): Promise<NotificationRecord[]> {
    const found: string[] = [];
    const rows = list<NotificationRow>(
      this.#store,
      keys.notificationRows(space, before),
      { reverse: true },
    );
    for await (const { key, value } of rows) {
      if (!passes(value, filter)) continue;
      found.push(keys.parseNotificationRowKey(key).id);
      if (found.length === limit) break;
    }
    const records = await getMany<NotificationRecord[]>(
      this.#store,
      found.map((id) => keys.notificationKey(space, id)),
    );
    return records.flatMap(({ value }) =>
      value !== null && this.#isKept(value) ? [value] : []
    );
  }

  /** Marks one as read, or as unread again. Null: there is none. */
  async setRead(
    space: string,
    id: string,
    read: boolean,
  ): Promise<NotificationRecord | null> {
    return await this.#change(space, async (state, unit) => {
      const record = await this.load(space, id);
      if (record === null || record.read === read) {
        return { outcome: record, next: null };
      }
      const changed = { ...record, read };
      unit.set(keys.notificationKey(space, id), changed)
        .set(keys.notificationRowKey(space, record.at, id), rowOf(changed));
      const unread = state.unread + (read ? -1 : 1);
      return { outcome: changed, next: { ...state, unread }, subject: id };
    });
  }

  /** Marks all as read that were there when it began; how many there were. */
  async readAll(space: string): Promise<number> {
    let before = { atMs: this.#store.clock.now() + 1, id: "" };
    let changed = 0;
    while (true) {
      const step = await this.#change(space, async (state, unit) => {
        const rows = state.unread === 0
          ? []
          : await this.#unreadRows(space, before, PER_ATOMIC);
        if (rows.length === 0) return { outcome: rows, next: null };
        const records = await getMany<NotificationRecord[]>(
          this.#store,
          rows.map(({ id }) => keys.notificationKey(space, id)),
        );
        for (const [place, { atMs, id }] of rows.entries()) {
          const { value } = records[place];
          const key = keys.notificationRowKey(space, atMs, id);
          if (value === null) {
            unit.delete(key);
            continue;
          }
          const record = { ...value, read: true };
          unit.set(keys.notificationKey(space, id), record)
            .set(key, rowOf(record));
        }
        const unread = Math.max(0, state.unread - rows.length);
        const next = { ...state, unread, groups: {} };
        return { outcome: rows, next };
      });
      changed += step.length;
      if (step.length < PER_ATOMIC) return changed;
      before = step[step.length - 1];
    }
  }

  /** Marks as read what is about a thread that somebody looks at; how many there were. */
  async readThread(space: string, thread: string): Promise<number> {
    if (await this.unread(space) === 0) return 0;
    const records = await this.list(
      space,
      { read: false, event: null },
      null,
      PER_ATOMIC,
    );
    const about = records.filter((record) =>
      record.thread === thread || record.href === `/c/${thread}`
    );
    for (const { id } of about) await this.setRead(space, id, true);
    return about.length;
  }

  /** Removes what is kept no longer; how many there were. */
  async sweep(signal: AbortSignal): Promise<number> {
    const nowMs = this.#store.clock.now();
    const due = await Array.fromAsync(
      list(this.#store, keys.notificationSweeps(nowMs + 1), {
        limit: SPACES_PER_SWEEP,
        signal,
      }),
    );
    let swept = 0;
    for (const { key } of due) {
      const { space } = keys.parseNotificationSweepKey(key);
      while (!signal.aborted) {
        const step = await this.#sweepSpace(space, key, nowMs, signal);
        swept += step;
        if (step < PER_ATOMIC) break;
      }
    }
    return swept;
  }

  async #sweepSpace(
    space: string,
    dueKey: Deno.KvKey,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    return await this.#change(space, async (state, unit) => {
      const rows = await Array.fromAsync(list<NotificationRow>(
        this.#store,
        keys.notificationRows(space),
        { limit: PER_ATOMIC + 1, signal },
      ));
      const isOld = ({ key }: { key: Deno.KvKey }) =>
        keys.parseNotificationRowKey(key).atMs + KEPT_MS <= nowMs;
      const old = rows.filter(isOld).slice(0, PER_ATOMIC);
      let { unread } = state;
      for (const { key, value } of old) {
        const { id } = keys.parseNotificationRowKey(key);
        unit.delete(key).delete(keys.notificationKey(space, id));
        if (!value.read) unread -= 1;
      }
      const oldest = rows[old.length];
      const sweepAt = oldest === undefined
        ? null
        : keys.parseNotificationRowKey(oldest.key).atMs + KEPT_MS;
      unit.delete(dueKey);
      if (sweepAt !== null) {
        unit.set(keys.notificationSweepKey(sweepAt, space), { v: 1 });
      }
      const next = {
        ...state,
        unread: Math.max(0, unread),
        total: Math.max(0, state.total - old.length),
        sweepAt,
      };
      return { outcome: old.length, next };
    });
  }

  async #unreadRows(
    space: string,
    before: NotificationPlace,
    limit: number,
  ): Promise<NotificationPlace[]> {
    const found: NotificationPlace[] = [];
    const rows = list<NotificationRow>(
      this.#store,
      keys.notificationRows(space, before),
      { reverse: true },
    );
    for await (const { key, value } of rows) {
      if (value.read) continue;
      found.push(keys.parseNotificationRowKey(key));
      if (found.length === limit) break;
    }
    return found;
  }

  /** Changes a space under a check of its state, and tells of it. */
  async #change<T>(
    space: string,
    change: (state: InboxState, unit: UnitOfWork) => Promise<Change<T>>,
  ): Promise<T> {
    for (let tries = 0; tries < MAX_CONFLICTS; tries += 1) {
      const { state, versionstamp } = await loadInbox(this.#store, space);
      const unit = new UnitOfWork();
      const { outcome, next, subject = "all" } = await change(state, unit);
      if (next === null) return outcome;
      unit.guard(keys.notificationStateKey(space), versionstamp, next)
        .event(space, {
          type: "notification.read",
          at: this.#store.clock.now(),
          subject,
          data: { unread: next.unread },
        });
      if ((await commit(this.#store, unit)).ok) return outcome;
    }
    throw new AppError({
      status: 409,
      code: "conflict",
      message: "The notifications changed meanwhile.",
      retryable: true,
    });
  }

  #isKept({ expiresAt }: NotificationRecord): boolean {
    return expiresAt > this.#store.clock.now();
  }
}

function passes(
  row: NotificationRow,
  { read, event }: NotificationFilter,
): boolean {
  return (read === null || row.read === read) &&
    (event === null || row.event === event);
}
