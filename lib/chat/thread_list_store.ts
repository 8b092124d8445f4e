/** Lists of threads by recency: pages of the index, filtered by what the records say. */
import * as keys from "@/lib/kv/keys.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { invalidCursor } from "./id_cursor.ts";
import type { ThreadActivityRecord, ThreadRecord } from "./records.ts";

/** Which threads a list shows; null where it does not matter. */
export interface ThreadFilter {
  archived: boolean | null;
  pinned: boolean | null;
  projectId: string | null;
  /** A tag as threads name it. */
  tagKey: string | null;
}

export interface ListedThread {
  record: ThreadRecord;
  activity: ThreadActivityRecord;
}

export interface ThreadPage {
  items: ListedThread[];
  /** Where the next page begins; null at the end. */
  nextCursor: string | null;
}

/**
 * Entries of the index that one request looks at, at most. Where so many give less than a page, the
 * page is short, and its cursor goes on behind them.
 */
const MAX_SCANNED = 1_000;

/** Threads of a group that are put in order by reading all of them; larger groups are scanned for. */
const MAX_SORTED = 200;

/** Entries looked at together. */
const SCAN_ROWS = 201;

export class ThreadListStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * A page of threads, newest activity first. `nextCursor` is null only when the index has no more.
   * @throws {AppError} 400 for a cursor that no page gave
   */
  async page(
    space: string,
    { limit, cursor }: PageQuery,
    filter: ThreadFilter,
  ): Promise<ThreadPage> {
    const before = parseCursor(cursor);
    const group = groupOf(filter);
    const sorted = group === null
      ? null
      : await this.#sortGroup(space, group, filter);
    return sorted === null
      ? await this.#scan(space, limit, before, filter)
      : cut(sorted, limit, before);
  }

  /** The threads of a group that fit the filter, newest activity first; null when it is a large one. */
  async #sortGroup(
    space: string,
    group: keys.ThreadGroup,
    filter: ThreadFilter,
  ): Promise<ListedThread[] | null> {
    const rows = await Array.fromAsync(
      list(this.#store, keys.threadGroup(space, group), {
        limit: MAX_SORTED + 1,
        batchSize: MAX_SORTED + 1,
      }),
    );
    if (rows.length > MAX_SORTED) return null;
    const ids = rows.map(({ key }) => keys.parseThreadGroupKey(key));
    return (await this.#load(space, ids))
      .filter((thread) => thread !== null)
      .filter(({ record }) => matches(record, filter))
      .sort((a, b) => isBefore(placeOf(a), placeOf(b)) ? 1 : -1);
  }

  async #scan(
    space: string,
    limit: number,
    from: keys.ThreadListPlace | null,
    filter: ThreadFilter,
  ): Promise<ThreadPage> {
    const items: ListedThread[] = [];
    let before = from;
    for (let scanned = 0; scanned < MAX_SCANNED;) {
      // Where all of them fit the filter, the first look is enough, and shows whether more follow.
      const rows = scanned === 0 ? limit + 1 : SCAN_ROWS;
      const places = await this.#places(space, before, rows);
      const found = await this.#load(
        space,
        places.map(({ thread }) => thread),
      );
      for (const [index, place] of places.entries()) {
        if (items.length === limit) return { items, nextCursor: text(before) };
        const thread = found[index];
        if (thread !== null && matches(thread.record, filter)) {
          items.push(thread);
        }
        before = place;
      }
      if (places.length < rows) return { items, nextCursor: null };
      scanned += places.length;
    }
    return { items, nextCursor: text(before) };
  }

  async #places(
    space: string,
    before: keys.ThreadListPlace | null,
    limit: number,
  ): Promise<keys.ThreadListPlace[]> {
    const rows = list(this.#store, keys.threadList(space, before), {
      reverse: true,
      limit,
    });
    return (await Array.fromAsync(rows)).map(({ key }) =>
      keys.parseThreadListKey(key)
    );
  }

  async #load(
    space: string,
    ids: string[],
  ): Promise<(ListedThread | null)[]> {
    const entries = await getMany(
      this.#store,
      ids.flatMap((id) => [
        keys.threadKey(space, id),
        keys.threadActivityKey(space, id),
      ]),
    );
    return ids.map((_, index) => {
      const record = entries[2 * index].value as ThreadRecord | null;
      const activity = entries[2 * index + 1].value as
        | ThreadActivityRecord
        | null;
      return record === null || activity === null ? null : { record, activity };
    });
  }
}

/** The group by which the fewest threads are likely to be found; null without any. */
function groupOf(filter: ThreadFilter): keys.ThreadGroup | null {
  const { pinned, projectId, tagKey } = filter;
  if (pinned === true) return { pinned };
  if (tagKey !== null) return { tag: tagKey };
  return projectId === null ? null : { project: projectId };
}

function placeOf({ record, activity }: ListedThread): keys.ThreadListPlace {
  return { updatedAtMs: Date.parse(activity.updatedAt), thread: record.id };
}

/** Whether a place comes before another one in the index: it is older. */
function isBefore(a: keys.ThreadListPlace, b: keys.ThreadListPlace): boolean {
  return a.updatedAtMs === b.updatedAtMs
    ? a.thread < b.thread
    : a.updatedAtMs < b.updatedAtMs;
}

/** A page of threads that are in order. */
function cut(
  threads: ListedThread[],
  limit: number,
  before: keys.ThreadListPlace | null,
): ThreadPage {
  const left = before === null
    ? threads
    : threads.filter((thread) => isBefore(placeOf(thread), before));
  const items = left.slice(0, limit);
  const isAll = items.length === left.length;
  return { items, nextCursor: isAll ? null : text(placeOf(items[limit - 1])) };
}

function matches(record: ThreadRecord, filter: ThreadFilter): boolean {
  const { archived, pinned, projectId, tagKey } = filter;
  return (record.deletedAt ?? null) === null && record.temporary !== true &&
    (archived === null || archived === (record.archived ?? false)) &&
    (pinned === null || pinned === (record.pinned ?? false)) &&
    (projectId === null || projectId === (record.projectId ?? null)) &&
    (tagKey === null || (record.tags ?? []).includes(tagKey));
}

function text(place: keys.ThreadListPlace | null): string | null {
  return place === null ? null : `${place.updatedAtMs}.${place.thread}`;
}

/** @throws {AppError} 400 for a cursor that no page gave */
function parseCursor(cursor: string | null): keys.ThreadListPlace | null {
  if (cursor === null) return null;
  const match = /^(\d{1,15})\.(thr_[0-9A-Za-z]{22})$/.exec(cursor);
  if (match === null) throw invalidCursor();
  return { updatedAtMs: Number(match[1]), thread: match[2] };
}
