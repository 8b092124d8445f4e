/** Which notifications somebody wants, and where. */
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { commit } from "@/lib/kv/commit.ts";
import { notificationSettingsKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  NOTIFICATION_EVENT_NAMES,
  type NotificationEvent,
  type NotificationPlaces,
  ruleOf,
} from "@/lib/shared/notification_events.ts";
import type { NotificationSettingsRecord } from "./notification_record.ts";

/** What holds for each event. */
export interface NotificationSettings {
  events: Record<NotificationEvent, NotificationPlaces>;
  /** 0: nobody has chosen anything yet. */
  version: number;
  updatedAt: string | null;
}

/** What is to change; what is not in it stays. */
export type NotificationSettingsPatch = Partial<
  Record<NotificationEvent, Partial<NotificationPlaces>>
>;

/** What is not on the page does not come up from it either; and some mails go out by another rule. */
function consistent(
  event: NotificationEvent,
  { app, browser, mail }: NotificationPlaces,
): NotificationPlaces {
  return {
    app,
    browser: app && browser,
    mail: mail && !ruleOf(event).hasOwnMail,
  };
}

function settingsOf(
  record: NotificationSettingsRecord | null,
): NotificationSettings {
  const events = {} as Record<NotificationEvent, NotificationPlaces>;
  for (const event of NOTIFICATION_EVENT_NAMES) {
    events[event] = record?.events[event] ?? ruleOf(event).places;
  }
  return {
    events,
    version: record?.version ?? 0,
    updatedAt: record?.updatedAt ?? null,
  };
}

export class NotificationSettingsStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async load(
    space: string,
    signal?: AbortSignal,
  ): Promise<NotificationSettings> {
    const { value } = await this.#get(space, signal);
    return settingsOf(value);
  }

  /** @param accept throws when the change was not made from this version */
  async change(
    space: string,
    patch: NotificationSettingsPatch,
    accept: (version: number) => void,
  ): Promise<NotificationSettings> {
    return await retryOnConflict(async () => {
      const { value, versionstamp } = await this.#get(space);
      const before = settingsOf(value);
      accept(before.version);
      const chosen = { ...value?.events };
      for (const event of NOTIFICATION_EVENT_NAMES) {
        const places = patch[event];
        if (places === undefined) continue;
        chosen[event] = consistent(event, {
          ...before.events[event],
          ...places,
        });
      }
      const now = new Date(this.#store.clock.now()).toISOString();
      const record: NotificationSettingsRecord = {
        v: 1,
        events: chosen,
        createdAt: value?.createdAt ?? now,
        updatedAt: now,
        version: before.version + 1,
      };
      const unit = new UnitOfWork()
        .guard(notificationSettingsKey(space), versionstamp, record);
      return (await commit(this.#store, unit)).ok
        ? settingsOf(record)
        : "conflict";
    });
  }

  #get(space: string, signal?: AbortSignal) {
    return get<NotificationSettingsRecord>(
      this.#store,
      notificationSettingsKey(space),
      { signal },
    );
  }
}
