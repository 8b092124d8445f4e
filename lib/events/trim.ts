/**
 * Keeps the outbox short: of each space and of each workspace the newest events stay. A consumer itself, so that it knows
 * where something happens, and one process at a time does it.
 */
import { commit } from "@/lib/kv/commit.ts";
import {
  cursorKey,
  eventsAfter,
  eventsNoticesAfter,
  eventsNoticeTrimKey,
  eventsTrimKey,
  parseEventsKey,
  workspaceEventsBefore,
  workspaceEventsTrimKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, WorkspaceNoticeRecord } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type {
  ConsumedEvent,
  Consumer,
  CursorRecord,
  TrimRecord,
} from "./consumer.ts";

/** Events that a space keeps. */
const KEPT_EVENTS = 10_000;
/** Events of a space after which it is looked at again: a look reads all that is kept. */
const EVENTS_BETWEEN_LOOKS = 2_000;
const DELETES_PER_UNIT = 250;

/** Names the cursor of the trim. */
export const TRIM_NAME = "trim";

export interface TrimOptions {
  keptEvents?: number;
  eventsBetweenLooks?: number;
}

export class OutboxTrim implements Consumer {
  readonly name = TRIM_NAME;
  readonly #store: Store;
  readonly #consumers: () => readonly string[];
  readonly #kept: number;
  readonly #between: number;
  /** Events since the last look; a space that is not in it was never looked at. */
  readonly #since = new Map<string, number>();
  readonly #due = new Set<string>();

  /** @param consumers names of those that must have handled an event before it goes */
  constructor(
    store: Store,
    consumers: () => readonly string[],
    {
      keptEvents = KEPT_EVENTS,
      eventsBetweenLooks = EVENTS_BETWEEN_LOOKS,
    }: TrimOptions = {},
  ) {
    this.#store = store;
    this.#consumers = consumers;
    this.#kept = keptEvents;
    this.#between = eventsBetweenLooks;
  }

  handle(events: readonly ConsumedEvent[]): Promise<number> {
    for (const { space } of events) {
      const since = (this.#since.get(space) ?? Infinity) + 1;
      this.#since.set(space, since);
      if (since >= this.#between) this.#due.add(space);
    }
    return Promise.resolve(events.length);
  }

  resync(): Promise<null> {
    return Promise.resolve(null);
  }

  async committed(signal: AbortSignal): Promise<void> {
    if (this.#due.size === 0) return;
    const slowest = await this.#slowestCursor(signal);
    for (const workspace of new Set([...this.#due].map(workspaceOf))) {
      await this.#trimWorkspace(workspace, slowest, signal);
    }
    for (const space of this.#due) {
      await this.#trimEnvelopes(space, slowest, signal);
      this.#due.delete(space);
      this.#since.set(space, 0);
    }
    await this.#trimNotices(slowest, signal);
  }

  /** Newest versionstamp that every consumer is done with; "" when one of them has not begun. */
  async #slowestCursor(signal: AbortSignal): Promise<string> {
    const entries = await getMany<CursorRecord[]>(
      this.#store,
      this.#consumers().map(cursorKey),
      { signal },
    );
    let slowest: string | null = null;
    for (const { value } of entries) {
      if (value === null || value.gen !== this.#store.generation) return "";
      // Of an atomic that is handled in part nothing may go yet.
      if (value.i !== undefined) return "";
      if (slowest === null || value.vs < slowest) slowest = value.vs;
    }
    return slowest ?? "";
  }

  async #trimEnvelopes(
    space: string,
    slowest: string,
    signal: AbortSignal,
  ): Promise<void> {
    const rows = list<EnvelopeRecord>(
      this.#store,
      eventsAfter(space, null),
      { reverse: true, signal },
    );
    await this.#deleteBeyond(
      rows,
      (envelope) => envelope.ev.length,
      slowest,
      eventsTrimKey(space),
      signal,
    );
  }

  async #trimWorkspace(
    workspace: string,
    slowest: string,
    signal: AbortSignal,
  ): Promise<void> {
    const rows = list<WorkspaceNoticeRecord>(
      this.#store,
      workspaceEventsBefore(workspace, null),
      { reverse: true, signal },
    );
    await this.#deleteBeyond(
      rows,
      ({ n }) => n,
      slowest,
      workspaceEventsTrimKey(workspace),
      signal,
    );
  }

  async #trimNotices(slowest: string, signal: AbortSignal): Promise<void> {
    const rows = list(this.#store, eventsNoticesAfter(null), {
      reverse: true,
      signal,
    });
    await this.#deleteBeyond(
      rows,
      () => 1,
      slowest,
      eventsNoticeTrimKey(),
      signal,
    );
  }

  /** Deletes the rows, given newest first, that lie beyond the kept events and that all have handled. */
  async #deleteBeyond<T>(
    rows: AsyncIterable<Deno.KvEntry<T>>,
    countOf: (value: T) => number,
    slowest: string,
    markKey: Deno.KvKey,
    signal: AbortSignal,
  ): Promise<void> {
    let seen = 0;
    const old: Deno.KvKey[] = [];
    for await (const { key, value } of rows) {
      if (seen >= this.#kept && parseEventsKey(key) <= slowest) old.push(key);
      seen += countOf(value);
    }
    // Oldest first, so that what is left never has a hole.
    old.reverse();
    for (let from = 0; from < old.length; from += DELETES_PER_UNIT) {
      const group = old.slice(from, from + DELETES_PER_UNIT);
      const mark = await get<TrimRecord>(this.#store, markKey, { signal });
      const vs = parseEventsKey(group[group.length - 1]);
      // Another process is further.
      if (mark.value !== null && mark.value.vs >= vs) continue;
      const unit = new UnitOfWork();
      unit.guard(markKey, mark.versionstamp, { v: 1, vs } satisfies TrimRecord);
      for (const key of group) unit.delete(key);
      const { ok } = await commit(this.#store, unit, { signal });
      if (!ok) return;
    }
  }
}
