/** Notifications, as the routes use them. */
import { invalidCursor } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { isId } from "@/lib/shared/ids.ts";
import { notificationTitle } from "@/lib/shared/notification_events.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Notification, Page } from "@/lib/shared/wire.ts";
import type { NotificationRecord } from "./notification_record.ts";
import type {
  NotificationSettings,
  NotificationSettingsPatch,
  NotificationSettingsStore,
} from "./notification_settings_store.ts";
import type {
  NotificationFilter,
  NotificationPlace,
  NotificationStore,
} from "./notification_store.ts";

export interface NotificationParts {
  store: NotificationStore;
  settings: NotificationSettingsStore;
  /** Title of a thread; null: it is gone. */
  threadTitle: (space: string, thread: string) => Promise<string | null>;
}

export class Notifications {
  readonly #parts: NotificationParts;

  constructor(parts: NotificationParts) {
    this.#parts = parts;
  }

  /**
   * Newest first.
   * @throws {AppError} 400 for a cursor that no page gave
   */
  async list(
    space: string,
    filter: NotificationFilter,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Notification>> {
    const before = cursor === null ? null : parsePlace(cursor);
    const { store } = this.#parts;
    const records = await store.list(space, filter, before, limit + 1);
    const shown = records.slice(0, limit);
    return {
      items: await Promise.all(shown.map((each) => this.#show(space, each))),
      nextCursor: records.length > limit ? placeOf(shown[limit - 1]) : null,
    };
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, id: string): Promise<Notification> {
    const record = isId("ntf", id)
      ? await this.#parts.store.load(space, id)
      : null;
    if (record === null) throw notFound("notification");
    return await this.#show(space, record);
  }

  /** How many nobody has read. */
  async unread(space: string): Promise<number> {
    return await this.#parts.store.unread(space);
  }

  /** @throws {AppError} 404 `not_found` */
  async setRead(
    space: string,
    id: string,
    read: boolean,
  ): Promise<Notification> {
    const record = isId("ntf", id)
      ? await this.#parts.store.setRead(space, id, read)
      : null;
    if (record === null) throw notFound("notification");
    return await this.#show(space, record);
  }

  /** Marks all as read; how many there were. */
  async readAll(space: string): Promise<number> {
    return await this.#parts.store.readAll(space);
  }

  /** Somebody looks at a thread: what is about it is read. */
  async readThread(space: string, thread: string): Promise<number> {
    return await this.#parts.store.readThread(space, thread);
  }

  async settings(space: string): Promise<NotificationSettings> {
    return await this.#parts.settings.load(space);
  }

  /** @param accept throws when the change was not made from this version */
  async changeSettings(
    space: string,
    patch: NotificationSettingsPatch,
    accept: (version: number) => void,
  ): Promise<NotificationSettings> {
    return await this.#parts.settings.change(space, patch, accept);
  }

  /** Removes what is kept no longer. */
  async sweep(signal: AbortSignal): Promise<number> {
    return await this.#parts.store.sweep(signal);
  }

  async #show(
    space: string,
    record: NotificationRecord,
  ): Promise<Notification> {
    const { id, event, count, text, read, thread, at, createdAt } = record;
    const title = thread === null
      ? null
      : await this.#parts.threadTitle(space, thread);
    const isGone = thread !== null && title === null &&
      record.href === `/c/${thread}`;
    const about = thread === null
      ? record.about
      : title ?? (record.about || "a thread that was deleted");
    return {
      id,
      event,
      title: notificationTitle(event, about, count),
      text,
      href: isGone ? null : record.href,
      count,
      read,
      createdAt,
      updatedAt: new Date(at).toISOString(),
    };
  }
}

function placeOf({ at, id }: NotificationRecord): string {
  return `${at}.${id}`;
}

function parsePlace(cursor: string): NotificationPlace {
  const match = /^(\d{1,16})\.(ntf_[0-9A-Za-z]{22})$/.exec(cursor);
  if (match === null) throw invalidCursor();
  return { atMs: Number(match[1]), id: match[2] };
}
