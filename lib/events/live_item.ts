/** Events as live connections tell them. */
import type { EnvelopeRecord, OutboxEvent } from "@/lib/kv/outbox.ts";
import type {
  LiveEvent,
  LiveMessage,
  LiveThread,
} from "@/lib/shared/live/live_wire.ts";
import { eventData } from "./event_view.ts";
import { threadOfEvent } from "./live_channels.ts";
import { formatPlace, type LivePlace } from "./live_place.ts";

/** An event with its place and the row of its thread. */
export interface LiveItem {
  readonly place: LivePlace;
  readonly space: string;
  readonly event: OutboxEvent;
  readonly thread: string | null;
  /** Undefined: the event changes no row. Null: the thread is gone. */
  readonly row: LiveThread | null | undefined;
  /** About how many bytes it takes in memory. */
  readonly bytes: number;
  /** What was made of it for listeners, by place and channels. */
  readonly texts: Map<string, string>;
}

/** A message as it goes out. */
export interface LiveFrame {
  /** Where a connection that follows goes on; null: the message says nothing of that. */
  readonly place: string | null;
  /** The message as JSON. */
  readonly text: string;
  /** When the event happened, milliseconds since 1970 UTC; null: it is none. */
  readonly atMs: number | null;
}

/** The rows of threads as they are now; those that are gone are not in it. */
export type LoadRows = (
  space: string,
  threads: readonly string[],
  signal: AbortSignal,
) => Promise<Map<string, LiveThread>>;

/** The events of one space in one atomic. */
export interface PlacedEnvelope {
  readonly space: string;
  readonly versionstamp: string;
  readonly envelope: EnvelopeRecord;
}

const CHANGES_ROW = /^(thread\.(created|updated|restored)|run\.\w+)$/;

/** Most different messages that are kept of one event. */
const MAX_TEXTS = 16;

/** Bytes of an event besides its data, and of the row of a thread. */
const ITEM_BYTES = 1_024;

/**
 * The events of envelopes in the order of their places, with the rows of their threads.
 * @param wantsRows whether somebody listens to what happens to the threads of a space
 */
export async function toItems(
  envelopes: readonly PlacedEnvelope[],
  generation: string,
  loadRows: LoadRows,
  wantsRows: (space: string) => boolean,
  signal: AbortSignal,
): Promise<LiveItem[]> {
  const changed = new Map<string, Set<string>>();
  for (const { space, envelope } of envelopes) {
    if (!wantsRows(space)) continue;
    for (const event of envelope.ev) {
      const thread = threadOfEvent(event);
      if (thread === null || !CHANGES_ROW.test(event.type)) continue;
      if (!changed.has(space)) changed.set(space, new Set());
      changed.get(space)!.add(thread);
    }
  }
  const rows = new Map(
    await Promise.all(
      [...changed].map(async ([space, threads]) =>
        [space, await loadRows(space, [...threads], signal)] as const
      ),
    ),
  );
  const inOrder = envelopes.toSorted((one, two) =>
    compare(one.versionstamp, two.versionstamp) || compare(one.space, two.space)
  );
  return inOrder.flatMap(({ space, versionstamp, envelope }) =>
    envelope.ev.map((event, index): LiveItem => {
      const thread = threadOfEvent(event);
      const hasRow = thread !== null && CHANGES_ROW.test(event.type) &&
        rows.has(space);
      return {
        place: { generation, versionstamp, event: { space, index } },
        space,
        event,
        thread,
        row: hasRow ? rows.get(space)!.get(thread) ?? null : undefined,
        bytes: JSON.stringify(event.data).length + ITEM_BYTES,
        texts: new Map(),
      };
    })
  );
}

function compare(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0;
}

/**
 * An event as the message to a listener. What several listeners are told alike is made once.
 * @param names channels of the listener that have it, at least one
 * @param own space of the listener
 */
export function eventFrame(
  item: LiveItem,
  names: readonly string[],
  own: string,
): LiveFrame {
  const { place, event, space, texts } = item;
  const id = formatPlace(place, own);
  const key = `${id} ${names.join()}`;
  const text = texts.get(key) ??
    JSON.stringify(toMessage(item, id, names, space === own));
  if (texts.size < MAX_TEXTS) texts.set(key, text);
  return { place: id, text, atMs: event.at };
}

/** Any other message. */
export function frameOf(message: LiveMessage): LiveFrame {
  const place = "cursor" in message
    ? message.cursor
    : "id" in message
    ? message.id
    : null;
  return { place, text: JSON.stringify(message), atMs: null };
}

function toMessage(
  { event, space, thread, row }: LiveItem,
  id: string,
  [channel, ...also]: readonly string[],
  isOwn: boolean,
): LiveEvent {
  return {
    id,
    type: event.type,
    channel,
    ...also.length > 0 ? { also } : {},
    at: new Date(event.at).toISOString(),
    data: {
      ...isOwn
        ? { ...idsOf(event), ...event.data }
        : eventData(space, event, false),
      ...thread === null ? {} : { threadId: thread },
      ...row === undefined ? {} : { thread: row },
    },
  };
}

/** The event's subject under the name that its kind of id has. */
function idsOf({ type, subject }: OutboxEvent): Record<string, string> {
  if (type.startsWith("run.")) return { runId: subject };
  if (type.startsWith("message.")) return { messageId: subject };
  return type.startsWith("thread.") ? {} : { subject };
}
