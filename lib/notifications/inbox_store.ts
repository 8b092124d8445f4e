/** What a step of the consumer adds to the notifications of one space, before it is committed. */
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  type NotificationPlaces,
  ruleOf,
} from "@/lib/shared/notification_events.ts";
import { constantId } from "./notification_id.ts";
import {
  GROUP_MS,
  type InboxState,
  KEPT_MS,
  type Notice,
  type NotificationRecord,
  type NotificationRow,
  type OpenGroup,
} from "./notification_record.ts";

/** Groups that a space remembers, at most: those that began last. */
const MOST_GROUPS = 100;

/** The state of a space with the versionstamp that a change of it checks. */
export interface LoadedInbox {
  state: InboxState;
  versionstamp: string | null;
}

export function rowOf(
  { event, read, createdAt }: NotificationRecord,
): NotificationRow {
  return { v: 1, event, read, createdAt };
}

/** The state of a space; where there is none yet, or any more, what its rows say. */
export async function loadInbox(
  store: Store,
  space: string,
  signal?: AbortSignal,
): Promise<LoadedInbox> {
  const { value, versionstamp } = await get<InboxState>(
    store,
    keys.notificationStateKey(space),
    { signal },
  );
  if (value !== null) return { state: value, versionstamp };
  let [unread, total] = [0, 0];
  let oldestAt: number | null = null;
  const rows = list<NotificationRow>(store, keys.notificationRows(space), {
    signal,
  });
  for await (const row of rows) {
    oldestAt ??= keys.parseNotificationRowKey(row.key).atMs;
    total += 1;
    if (!row.value.read) unread += 1;
  }
  const createdAt = new Date(store.clock.now()).toISOString();
  const sweepAt = oldestAt === null ? null : oldestAt + KEPT_MS;
  return {
    state: { v: 1, unread, total, groups: {}, sweepAt, createdAt },
    versionstamp: null,
  };
}

/** What was added, and whether the browser shows it. */
interface Added {
  record: NotificationRecord;
  /** Its place before, or null: it is new. */
  rowAt: number | null;
  inBrowser: boolean;
}

export class InboxChange {
  readonly #store: Store;
  readonly #space: string;
  readonly #versionstamp: string | null;
  readonly #mostKept: number;
  readonly #added = new Map<string, Added>();
  readonly #groups: Map<string, OpenGroup>;
  readonly #before: InboxState;
  #unread: number;
  #total: number;
  #isChanged = false;

  constructor(
    store: Store,
    space: string,
    { state, versionstamp }: LoadedInbox,
    mostKept: number,
  ) {
    this.#mostKept = mostKept;
    this.#store = store;
    this.#space = space;
    this.#versionstamp = versionstamp;
    this.#before = state;
    this.#unread = state.unread;
    this.#total = state.total;
    this.#groups = new Map(Object.entries(state.groups));
  }

  /** Notifications that the change writes. */
  get size(): number {
    return this.#added.size;
  }

  /**
   * Adds a line, or counts the notice with the line that its group has.
   * @param places without `app` it only counts, for whoever sends mails of lines
   * @returns whether it is a line of its own
   */
  async add(
    notice: Notice,
    { app, browser }: Pick<NotificationPlaces, "app" | "browser">,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const group = this.#openGroup(notice);
    const { linesPerHour } = ruleOf(notice.event);
    if (group !== null && group.lines >= linesPerHour) {
      if (!app) return false;
      const line = await this.#load(group.id, signal);
      if (line !== null && !line.record.read) {
        this.#join(line, notice, browser);
        return false;
      }
    }
    const id = constantId("ntf", notice.at, `${this.#space} ${notice.cause}`);
    if (await this.#load(id, signal) !== null) return false;
    this.#groups.set(notice.group, {
      id,
      lines: (group?.lines ?? 0) + 1,
      begunAt: group?.begunAt ?? notice.at,
    });
    this.#isChanged = true;
    if (app) this.#begin(id, notice, browser);
    return true;
  }

  #openGroup({ group, at }: Notice): OpenGroup | null {
    const open = this.#groups.get(group);
    return open !== undefined && at - open.begunAt < GROUP_MS ? open : null;
  }

  async #load(id: string, signal?: AbortSignal): Promise<Added | null> {
    const added = this.#added.get(id);
    if (added !== undefined) return added;
    const { value: record } = await get<NotificationRecord>(
      this.#store,
      keys.notificationKey(this.#space, id),
      { signal },
    );
    return record === null
      ? null
      : { record, rowAt: record.at, inBrowser: false };
  }

  #begin(
    id: string,
    notice: Notice,
    inBrowser: boolean,
  ): void {
    const { event, about, text, href, thread, at } = notice;
    const record: NotificationRecord = {
      v: 1,
      id,
      event,
      group: notice.group,
      about,
      text,
      href,
      thread,
      count: 1,
      read: false,
      at,
      createdAt: new Date(at).toISOString(),
      expiresAt: at + KEPT_MS,
    };
    this.#added.set(id, { record, rowAt: null, inBrowser });
    this.#unread += 1;
    this.#total += 1;
  }

  #join({ record, rowAt }: Added, notice: Notice, inBrowser: boolean): void {
    this.#isChanged = true;
    const at = Math.max(record.at, notice.at);
    this.#added.set(record.id, {
      rowAt,
      inBrowser,
      record: {
        ...record,
        about: notice.about,
        text: notice.text,
        thread: notice.thread,
        href: notice.groupHref ?? notice.href,
        count: record.count + 1,
        at,
        expiresAt: at + KEPT_MS,
      },
    });
  }

  /** Adds everything to the unit; nothing where nothing was added. */
  async writeTo(unit: UnitOfWork, signal?: AbortSignal): Promise<void> {
    if (!this.#isChanged) return;
    const space = this.#space;
    await this.#forgetOldest(unit, signal);
    let { sweepAt } = this.#before;
    for (const { record, rowAt, inBrowser } of this.#added.values()) {
      const { id, at } = record;
      if (rowAt !== null && rowAt !== at) {
        unit.delete(keys.notificationRowKey(space, rowAt, id));
      }
      unit.set(keys.notificationKey(space, id), record)
        .set(keys.notificationRowKey(space, at, id), rowOf(record))
        .event(space, {
          type: "notification.created",
          at,
          subject: id,
          data: {
            notificationId: id,
            event: record.event,
            count: record.count,
            inBrowser,
            unread: this.#unread,
          },
        });
      sweepAt ??= record.expiresAt;
    }
    if (sweepAt !== null && sweepAt !== this.#before.sweepAt) {
      unit.set(keys.notificationSweepKey(sweepAt, space), { v: 1 });
    }
    const state: InboxState = {
      v: 1,
      unread: this.#unread,
      total: this.#total,
      groups: this.#newestGroups(),
      sweepAt,
      createdAt: this.#before.createdAt,
    };
    unit.guard(keys.notificationStateKey(space), this.#versionstamp, state);
  }

  #newestGroups(): Record<string, OpenGroup> {
    const oldest = this.#store.clock.now() - GROUP_MS;
    const open = [...this.#groups]
      .filter(([, { begunAt }]) => begunAt > oldest)
      .sort(([, a], [, b]) => a.begunAt - b.begunAt);
    return Object.fromEntries(open.slice(-MOST_GROUPS));
  }

  /** Lets the oldest go where there are too many. */
  async #forgetOldest(unit: UnitOfWork, signal?: AbortSignal): Promise<void> {
    const excess = this.#total - this.#mostKept;
    if (excess <= 0) return;
    const rows = list<NotificationRow>(
      this.#store,
      keys.notificationRows(this.#space),
      { limit: excess, signal },
    );
    for await (const { key, value } of rows) {
      const { id } = keys.parseNotificationRowKey(key);
      if (this.#added.has(id)) continue;
      unit.delete(key).delete(keys.notificationKey(this.#space, id));
      this.#total -= 1;
      if (!value.read) this.#unread -= 1;
    }
  }
}
