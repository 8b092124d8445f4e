/** Reads of the log of events: a space's own, or that of a workspace with all the spaces in it. */
import {
  eventsAfter,
  eventsBefore,
  eventsFrom,
  eventsKey,
  eventsNoticesBefore,
  parseEventsKey,
} from "@/lib/kv/keys.ts";
import type {
  EnvelopeRecord,
  NoticeRecord,
  OutboxEvent,
} from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { EventPlace } from "./event_view.ts";

/** An event with its name and its space. */
export interface LogItem {
  readonly space: string;
  readonly place: EventPlace;
  readonly event: OutboxEvent;
}

/** Chooses events. */
export type Wanted = (item: LogItem) => boolean;

/** A part of the log, newest first. */
export interface LogPage {
  items: LogItem[];
  /** Behind which place the next page begins; null: this was the last. */
  next: EventPlace | null;
}

/** Atomics that are looked at for one page, at most: who filters a lot gets shorter pages. */
const MAX_LOOKED_AT = 5_000;
const ENVELOPES_PER_READ = 100;
const EVENTS_PER_STEP = 200;

export class EventLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** One event; null when it is not there, or not any more. */
  async find(space: string, place: EventPlace): Promise<LogItem | null> {
    const key = eventsKey(space, place.versionstamp);
    const { value } = await get<EnvelopeRecord>(this.#store, key);
    if (value === null) return null;
    return itemsOf(space, place.versionstamp, value)
      .find((item) =>
        item.place.index === place.index && value.gen === place.generation
      ) ?? null;
  }

  /** An event of a workspace, in whichever of its spaces it happened; null when it is not there. */
  async findInWorkspace(
    workspace: string,
    place: EventPlace,
  ): Promise<LogItem | null> {
    const { items } = await this.ofWorkspace(
      workspace,
      {
        before: { ...place, index: place.index + 1 },
        limit: 1,
        wanted: (item) =>
          item.place.versionstamp === place.versionstamp &&
          item.place.index === place.index,
      },
      undefined,
      1,
    );
    const [item] = items;
    return item?.place.generation === place.generation ? item : null;
  }

  /** Events of one space, newest first. */
  async ofSpace(
    space: string,
    { before, limit, wanted }: {
      before: EventPlace | null;
      limit: number;
      wanted: Wanted;
    },
    signal?: AbortSignal,
  ): Promise<LogPage> {
    const rows = list<EnvelopeRecord>(
      this.#store,
      eventsBefore(space, before?.versionstamp ?? null),
      { reverse: true, signal, batchSize: ENVELOPES_PER_READ },
    );
    const page = new PageMaker(before, limit, wanted);
    for await (const { key, value } of rows) {
      if (page.add(itemsOf(space, parseEventsKey(key), value))) break;
    }
    return page.end();
  }

  /** Events of a workspace and of all spaces in it, newest first. */
  async ofWorkspace(
    workspace: string,
    { before, limit, wanted }: {
      before: EventPlace | null;
      limit: number;
      wanted: Wanted;
    },
    signal?: AbortSignal,
    maxLookedAt = MAX_LOOKED_AT,
  ): Promise<LogPage> {
    const page = new PageMaker(before, limit, wanted, maxLookedAt);
    const notices = list<NoticeRecord>(
      this.#store,
      eventsNoticesBefore(before?.versionstamp ?? null),
      { reverse: true, signal, limit: maxLookedAt },
    );
    let group: { versionstamp: string; spaces: string[] }[] = [];
    for await (const { key, value } of notices) {
      const spaces = value.ws.filter((space) =>
        workspaceOf(space) === workspace
      );
      group.push({ versionstamp: parseEventsKey(key), spaces });
      if (group.length < ENVELOPES_PER_READ) continue;
      if (await this.#addGroup(page, group, signal)) return page.end();
      group = [];
    }
    await this.#addGroup(page, group, signal);
    return page.end();
  }

  /** Whether the page is full. */
  async #addGroup(
    page: PageMaker,
    group: readonly { versionstamp: string; spaces: string[] }[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const places = group.flatMap(({ versionstamp, spaces }) =>
      spaces.map((space) => ({ space, versionstamp }))
    );
    const envelopes = await getMany<EnvelopeRecord[]>(
      this.#store,
      places.map(({ space, versionstamp }) => eventsKey(space, versionstamp)),
      { signal },
    );
    let read = 0;
    for (const { versionstamp, spaces } of group) {
      const items = spaces.flatMap((space) => {
        const { value } = envelopes[read++];
        return value === null ? [] : itemsOf(space, versionstamp, value);
      });
      if (page.add(items, versionstamp)) return true;
    }
    return false;
  }

  /**
   * The events of a space from a place on (null: from the first that is kept), oldest first, in parts.
   * @returns `end`: the place of the last one that was looked at; null: there was none
   */
  async from(
    space: string,
    place: { versionstamp: string; index: number } | null,
    signal?: AbortSignal,
  ): Promise<{ items: LogItem[]; end: EventPlace | null }> {
    const rows = list<EnvelopeRecord>(
      this.#store,
      place === null
        ? eventsAfter(space, null)
        : eventsFrom(space, place.versionstamp),
      { signal, batchSize: ENVELOPES_PER_READ },
    );
    const items: LogItem[] = [];
    for await (const { key, value } of rows) {
      const versionstamp = parseEventsKey(key);
      const isFirst = versionstamp === place?.versionstamp;
      items.push(
        ...itemsOf(space, versionstamp, value).filter((item) =>
          !isFirst || item.place.index >= place.index
        ),
      );
      if (items.length >= EVENTS_PER_STEP) break;
    }
    return { items, end: items.at(-1)?.place ?? null };
  }
}

function itemsOf(
  space: string,
  versionstamp: string,
  { gen: generation, at = 0, ev }: EnvelopeRecord,
): LogItem[] {
  return ev.map((event, offset) => ({
    space,
    place: { generation, versionstamp, index: at + offset },
    event,
  }));
}

/** Collects a page of events, newest first, out of atomics. */
class PageMaker {
  readonly #items: LogItem[] = [];
  #last: EventPlace | null = null;
  #left: number;
  #isFull = false;

  constructor(
    readonly before: EventPlace | null,
    readonly limit: number,
    readonly wanted: Wanted,
    maxLookedAt = MAX_LOOKED_AT,
  ) {
    this.#left = maxLookedAt;
  }

  /** Adds the events of an atomic; true once nothing more is to be added. */
  add(items: readonly LogItem[], versionstamp?: string): boolean {
    const newestFirst = items.toSorted((one, other) =>
      other.place.index - one.place.index
    );
    for (const item of newestFirst) {
      const { place } = item;
      const isLater = this.before !== null &&
        place.versionstamp === this.before.versionstamp &&
        place.index >= this.before.index;
      if (isLater) continue;
      if (this.#items.length === this.limit) {
        this.#isFull = true;
        return true;
      }
      this.#last = place;
      if (this.wanted(item)) this.#items.push(item);
    }
    this.#left -= 1;
    if (this.#left > 0) return false;
    if (versionstamp !== undefined) {
      this.#last = { generation: "", versionstamp, index: 0 };
    }
    this.#isFull = this.#last !== null;
    return true;
  }

  end(): LogPage {
    return { items: this.#items, next: this.#isFull ? this.#last : null };
  }
}
