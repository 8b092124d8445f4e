/** Reads of the log of events: a space's own, or that of a workspace with all the spaces in it. */
import {
  eventsBefore,
  eventsFrom,
  eventsKey,
  parseEventsKey,
  workspaceEventsBefore,
  workspaceEventsFrom,
} from "@/lib/kv/keys.ts";
import type {
  EnvelopeRecord,
  OutboxEvent,
  WorkspaceNoticeRecord,
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
    const page = new PageMaker(this.#store.generation, before, limit, wanted);
    for await (const { key, value } of rows) {
      const versionstamp = parseEventsKey(key);
      if (page.add(itemsOf(space, versionstamp, value), versionstamp)) break;
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
    const page = new PageMaker(
      this.#store.generation,
      before,
      limit,
      wanted,
      maxLookedAt,
    );
    const notices = list<WorkspaceNoticeRecord>(
      this.#store,
      workspaceEventsBefore(workspace, before?.versionstamp ?? null),
      { reverse: true, signal, limit: maxLookedAt },
    );
    let group: Deno.KvEntry<WorkspaceNoticeRecord>[] = [];
    for await (const notice of notices) {
      group.push(notice);
      if (group.length < ENVELOPES_PER_READ) continue;
      if (await this.#addGroup(page, group, signal)) {
        return page.end();
      }
      group = [];
    }
    await this.#addGroup(page, group, signal);
    return page.end();
  }

  /** Whether the page is full. */
  async #addGroup(
    page: PageMaker,
    notices: readonly Deno.KvEntry<WorkspaceNoticeRecord>[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const atomics = await this.#itemsIn(notices, signal);
    return notices.some(({ key }, turn) =>
      page.add(atomics[turn], parseEventsKey(key))
    );
  }

  /**
   * Events from a place on, oldest first, in parts: of a space, or of a workspace with all its spaces.
   * @returns `end`: the place up to which was looked; null: there was nothing more
   */
  async from(
    space: string,
    place: EventPlace,
    signal?: AbortSignal,
  ): Promise<{ items: LogItem[]; end: EventPlace | null }> {
    const isWorkspace = workspaceOf(space) === space;
    const atomics = isWorkspace
      ? await this.#noticesFrom(space, place, signal)
      : await this.#envelopesFrom(space, place, signal);
    const items = atomics.items.filter(({ place: { versionstamp, index } }) =>
      versionstamp !== place.versionstamp || index >= place.index
    );
    const { end } = atomics;
    return {
      items,
      end: items.at(-1)?.place ??
        (end === null || end === place.versionstamp
          ? null
          : { ...place, versionstamp: end, index: 0 }),
    };
  }

  async #envelopesFrom(
    space: string,
    { versionstamp }: EventPlace,
    signal: AbortSignal | undefined,
  ): Promise<{ items: LogItem[]; end: string | null }> {
    const rows = await Array.fromAsync(list<EnvelopeRecord>(
      this.#store,
      eventsFrom(space, versionstamp),
      { signal, limit: ENVELOPES_PER_READ },
    ));
    const items = rows.flatMap(({ key, value }) =>
      itemsOf(space, parseEventsKey(key), value)
    );
    return { items, end: lastOf(rows) };
  }

  async #noticesFrom(
    workspace: string,
    { versionstamp }: EventPlace,
    signal: AbortSignal | undefined,
  ): Promise<{ items: LogItem[]; end: string | null }> {
    const rows = await Array.fromAsync(list<WorkspaceNoticeRecord>(
      this.#store,
      workspaceEventsFrom(workspace, versionstamp),
      { signal, limit: ENVELOPES_PER_READ },
    ));
    const items = await this.#itemsIn(rows, signal);
    return { items: items.flat(), end: lastOf(rows) };
  }

  /** The events of a workspace in each of some of its atomics. */
  async #itemsIn(
    notices: readonly Deno.KvEntry<WorkspaceNoticeRecord>[],
    signal: AbortSignal | undefined,
  ): Promise<LogItem[][]> {
    const atomics = notices.map(({ key, value }) => ({
      versionstamp: parseEventsKey(key),
      spaces: value.ws,
    }));
    const envelopes = await getMany<EnvelopeRecord[]>(
      this.#store,
      atomics.flatMap(({ versionstamp, spaces }) =>
        spaces.map((space) => eventsKey(space, versionstamp))
      ),
      { signal },
    );
    let read = 0;
    return atomics.map(({ versionstamp, spaces }) =>
      spaces.flatMap((space) => {
        const { value } = envelopes[read++];
        return value === null ? [] : itemsOf(space, versionstamp, value);
      })
    );
  }
}

/** Versionstamp of the last of some rows; null: there is none. */
function lastOf(rows: readonly { key: Deno.KvKey }[]): string | null {
  const last = rows.at(-1);
  return last === undefined ? null : parseEventsKey(last.key);
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
    readonly generation: string,
    readonly before: EventPlace | null,
    readonly limit: number,
    readonly wanted: Wanted,
    maxLookedAt = MAX_LOOKED_AT,
  ) {
    this.#left = maxLookedAt;
  }

  /** Adds the events of an atomic; true once nothing more is to be added. */
  add(items: readonly LogItem[], versionstamp: string): boolean {
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
    this.#last = { generation: this.generation, versionstamp, index: 0 };
    this.#isFull = true;
    return true;
  }

  end(): LogPage {
    return { items: this.#items, next: this.#isFull ? this.#last : null };
  }
}
