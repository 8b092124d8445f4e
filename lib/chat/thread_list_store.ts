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

/**
 * Entries of the index that one request looks at, at most. Where so many give less than a page, the
 * page is short, and its cursor goes on behind them.
 */
export const MAX_SCANNED = 1_000;

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
    workspace: string,
    { limit, cursor }: PageQuery,
    filter: ThreadFilter,
  ): Promise<{ items: ListedThread[]; nextCursor: string | null }> {
    const items: ListedThread[] = [];
    let before = parseCursor(cursor);
    for (let scanned = 0; scanned < MAX_SCANNED;) {
      // Where all of them fit the filter, the first look is enough, and shows whether more follow.
      const rows = scanned === 0 ? limit + 1 : SCAN_ROWS;
      const places = await this.#places(workspace, before, rows);
      const found = await this.#load(workspace, places);
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
    workspace: string,
    before: keys.ThreadListPlace | null,
    limit: number,
  ): Promise<keys.ThreadListPlace[]> {
    const rows = list(this.#store, keys.threadList(workspace, before), {
      reverse: true,
      limit,
    });
    return (await Array.fromAsync(rows)).map(({ key }) =>
      keys.parseThreadListKey(key)
    );
  }

  async #load(
    workspace: string,
    places: keys.ThreadListPlace[],
  ): Promise<(ListedThread | null)[]> {
    const entries = await getMany(
      this.#store,
      places.flatMap(({ thread }) => [
        keys.threadKey(workspace, thread),
        keys.threadActivityKey(workspace, thread),
      ]),
    );
    return places.map((_, index) => {
      const record = entries[2 * index].value as ThreadRecord | null;
      const activity = entries[2 * index + 1].value as
        | ThreadActivityRecord
        | null;
      return record === null || activity === null ? null : { record, activity };
    });
  }
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
