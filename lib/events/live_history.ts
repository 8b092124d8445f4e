/** Events behind a place that memory does not have any more, or never had, out of the store. */
import {
  eventsFrom,
  eventsKey,
  eventsNoticesFrom,
  eventsNoticeTrimKey,
  eventsTrimKey,
  parseEventsKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, NoticeRecord } from "@/lib/kv/outbox.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { TrimRecord } from "./consumer.ts";
import {
  type LiveItem,
  type LoadRows,
  type PlacedEnvelope,
  toItems,
} from "./live_item.ts";
import { behindAtomic, isBehind, type LivePlace } from "./live_place.ts";

/** What is read: some spaces, or also all others of a workspace. */
export interface HistorySources {
  readonly spaces: readonly string[];
  readonly workspace: string | null;
}

/** Atomics that one read takes. */
const ATOMICS_PER_READ = 64;

export class LiveHistory {
  readonly #store: Store;
  readonly #loadRows: LoadRows;

  constructor(store: Store, loadRows: LoadRows) {
    this.#store = store;
    this.#loadRows = loadRows;
  }

  /** Whether events behind a place may have been deleted. */
  async isTrimmed(
    { spaces, workspace }: HistorySources,
    place: LivePlace,
    signal: AbortSignal,
  ): Promise<boolean> {
    const keys = spaces.map(eventsTrimKey);
    if (workspace !== null) keys.push(eventsNoticeTrimKey());
    const marks = await getMany<TrimRecord[]>(this.#store, keys, { signal });
    // The atomic of the place itself may be needed too, where more than one space has events in it.
    return marks.some(({ value }) =>
      value !== null && value.vs > place.versionstamp
    );
  }

  /** The next events behind a place and not behind another, and up to where that goes. */
  async read(
    { spaces, workspace }: HistorySources,
    from: LivePlace,
    to: LivePlace,
    signal: AbortSignal,
  ): Promise<{ items: LiveItem[]; end: LivePlace }> {
    const { generation } = this.#store;
    const reads = spaces.map((space) => this.#ofSpace(space, from, signal));
    if (workspace !== null) {
      reads.push(this.#ofOthers(workspace, spaces, from, signal));
    }
    const parts = await Promise.all(reads);
    // Up to where all parts are whole.
    let last = to.versionstamp;
    for (const { whole } of parts) {
      if (whole !== null && whole < last) last = whole;
    }
    const end = behindAtomic(generation, last);
    const items = await toItems(
      parts.flatMap(({ envelopes }) => envelopes)
        .filter(({ versionstamp }) => versionstamp <= last),
      generation,
      this.#loadRows,
      (space) => spaces.includes(space),
      signal,
    );
    return { items: items.filter(({ place }) => isBehind(place, from)), end };
  }

  async #ofSpace(
    space: string,
    { versionstamp }: LivePlace,
    signal: AbortSignal,
  ): Promise<HistoryPart> {
    const rows = await Array.fromAsync(list<EnvelopeRecord>(
      this.#store,
      eventsFrom(space, versionstamp),
      { limit: ATOMICS_PER_READ, signal },
    ));
    return {
      envelopes: rows.map(({ key, value }) => ({
        space,
        versionstamp: parseEventsKey(key),
        envelope: value,
      })),
      whole: wholeOf(rows),
    };
  }

  async #ofOthers(
    workspace: string,
    spaces: readonly string[],
    { versionstamp }: LivePlace,
    signal: AbortSignal,
  ): Promise<HistoryPart> {
    const rows = await Array.fromAsync(list<NoticeRecord>(
      this.#store,
      eventsNoticesFrom(versionstamp),
      { limit: ATOMICS_PER_READ, signal },
    ));
    const addressed = rows.flatMap(({ key, value }) =>
      value.ws.filter((space) =>
        workspaceOf(space) === workspace && !spaces.includes(space)
      ).map((space) => ({ space, versionstamp: parseEventsKey(key) }))
    );
    const entries = await getMany<EnvelopeRecord[]>(
      this.#store,
      addressed.map(({ space, versionstamp }) =>
        eventsKey(space, versionstamp)
      ),
      { signal },
    );
    return {
      envelopes: addressed.flatMap((each, index) => {
        const { value } = entries[index];
        return value === null ? [] : [{ ...each, envelope: value }];
      }),
      whole: wholeOf(rows),
    };
  }
}

interface HistoryPart {
  envelopes: PlacedEnvelope[];
  /** Nothing is missing up to this versionstamp; null: up to now. */
  whole: string | null;
}

function wholeOf(rows: readonly Deno.KvEntry<unknown>[]): string | null {
  return rows.length < ATOMICS_PER_READ
    ? null
    : parseEventsKey(rows[rows.length - 1].key);
}
