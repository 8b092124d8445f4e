/**
 * What a change tells the rest of the program, written in the same atomic as the change itself: no event
 * without its change and no change without its event.
 */
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { eventsKey, eventsNoticeKey, workspaceEventsKey } from "./keys.ts";
import { measureValue } from "./sizes.ts";
import type { Store, Versioned } from "./store.ts";

/** One event as stored. Its id is `generation.versionstamp.index`. */
export interface OutboxEvent {
  /** Noun and verb, such as `run.completed`. */
  readonly type: string;
  /** When it happened, milliseconds since 1970 UTC. */
  readonly at: number;
  /** Id of what it is about. */
  readonly subject: string;
  /** What a listener needs to know without reading anything. Never a text of a person or a model. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event and the space it belongs to. */
export interface AddressedEvent {
  readonly space: string;
  readonly event: OutboxEvent;
}

/** All events of one space in one atomic. */
export interface EnvelopeRecord extends Versioned {
  readonly v: 1;
  /** Generation of the store: ids and cursors of another one count no more. */
  readonly gen: string;
  /** Place of the first of its events among all of the atomic; absent: 0. */
  readonly at?: number;
  readonly ev: readonly OutboxEvent[];
}

/** Which spaces have an envelope in one atomic, for who consumes the events of all. */
export interface NoticeRecord extends Versioned {
  readonly v: 1;
  readonly ws: readonly string[];
}

/** Which spaces in a workspace have an envelope in one atomic: what the log of the workspace is read by. */
export interface WorkspaceNoticeRecord extends NoticeRecord {
  /** Events in all of them. */
  readonly n: number;
}

/** Largest envelope, in bytes of its events; it leaves room for the rest of the value. */
export const MAX_ENVELOPE_BYTES = 56 * 1024;

/** Bytes that an envelope and its share of the notices have besides the events. */
export const ENVELOPE_BYTES = 448;

/** Bytes of an event in its envelope. @throws {TypeError} when it cannot be stored */
export function measureEvent({ space, event }: AddressedEvent): number {
  const bytes = measureValue(event);
  if (bytes > MAX_ENVELOPE_BYTES) {
    throw new TypeError(
      `Event "${event.type}" of "${space}" has "${bytes}" bytes, more than "${MAX_ENVELOPE_BYTES}"`,
    );
  }
  return bytes;
}

/** A row of the outbox. */
export interface OutboxRow {
  key: Deno.KvKey;
  value: EnvelopeRecord | NoticeRecord | WorkspaceNoticeRecord;
}

/**
 * The rows of the events of one atomic: an envelope for each space, a notice for each workspace, and one
 * notice for all.
 */
export function outboxRows(
  store: Pick<Store, "kv" | "generation">,
  events: readonly AddressedEvent[],
): OutboxRow[] {
  if (events.length === 0) return [];
  const stamp = store.kv.commitVersionstamp();
  const bySpace = Map.groupBy(events, ({ space }) => space);
  const rows: OutboxRow[] = [];
  let at = 0;
  for (const [space, addressed] of bySpace) {
    const ev = addressed.map(({ event }) => event);
    rows.push({
      key: eventsKey(space, stamp),
      value: { v: 1, gen: store.generation, ...(at > 0 ? { at } : {}), ev },
    });
    at += ev.length;
  }
  const spaces = [...bySpace.keys()];
  for (const [workspace, ws] of Map.groupBy(spaces, workspaceOf)) {
    const n = ws.reduce((sum, space) => sum + bySpace.get(space)!.length, 0);
    rows.push({
      key: workspaceEventsKey(workspace, stamp),
      value: { v: 1, ws, n },
    });
  }
  rows.push({ key: eventsNoticeKey(stamp), value: { v: 1, ws: spaces } });
  return rows;
}
