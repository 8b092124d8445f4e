/** Reads of the outbox, in the order of the commits. */
import {
  eventsKey,
  eventsNoticesAfter,
  eventsNoticeTrimKey,
  parseEventsKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, NoticeRecord } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { ConsumedEvent, CursorRecord, TrimRecord } from "./consumer.ts";

/** Atomics whose events are read at a time. */
const ATOMICS_PER_READ = 64;

/** The newest atomic with events; "" when there is none. */
export async function newestVersionstamp(
  store: Store,
  signal: AbortSignal,
): Promise<string> {
  const rows = list(store, eventsNoticesAfter(null), {
    reverse: true,
    limit: 1,
    signal,
  });
  for await (const { key } of rows) return parseEventsKey(key);
  return "";
}

/**
 * The events that follow a cursor, oldest first; empty when there are none. Null: some of them may have
 * been deleted.
 */
export async function readEventsAfter(
  store: Store,
  cursor: Pick<CursorRecord, "vs" | "i">,
  signal: AbortSignal,
): Promise<ConsumedEvent[] | null> {
  const isPartial = cursor.i !== undefined;
  const notices = await Array.fromAsync(list<NoticeRecord>(
    store,
    eventsNoticesAfter(isPartial ? before(cursor.vs) : cursor.vs || null),
    { limit: ATOMICS_PER_READ, signal },
  ));
  // Asked after the notices, so that none deleted in between is missed.
  const trim = await get<TrimRecord>(store, eventsNoticeTrimKey(), { signal });
  const deletedTo = trim.value?.vs ?? "";
  if (deletedTo > cursor.vs || (isPartial && deletedTo === cursor.vs)) {
    return null;
  }
  const addressed = notices.flatMap(({ key, value }) =>
    value.ws.map((space) => ({
      space,
      versionstamp: parseEventsKey(key),
    }))
  );
  const envelopes = await getMany<EnvelopeRecord[]>(
    store,
    addressed.map(({ space, versionstamp }) => eventsKey(space, versionstamp)),
    { signal },
  );
  const events: ConsumedEvent[] = [];
  let [ofAtomic, index] = ["", 0];
  for (const [place, { space, versionstamp }] of addressed.entries()) {
    const envelope = envelopes[place].value;
    if (envelope === null) return null;
    if (versionstamp !== ofAtomic) [ofAtomic, index] = [versionstamp, 0];
    for (const event of envelope.ev) {
      const isDone = isPartial && versionstamp === cursor.vs &&
        index < cursor.i!;
      if (!isDone) events.push({ space, versionstamp, index, event });
      index += 1;
    }
  }
  return events;
}

/** The cursor behind the first `count` of the events. */
export function cursorBehind(
  events: readonly ConsumedEvent[],
  count: number,
): Pick<CursorRecord, "vs" | "i"> {
  const { versionstamp, index } = events[count - 1];
  // What was read ends with whole atomics, so only an event that is there can be the rest of one.
  const isWhole = events[count]?.versionstamp !== versionstamp;
  return isWhole ? { vs: versionstamp } : { vs: versionstamp, i: index + 1 };
}

/** A place that sorts before a versionstamp and behind all lower ones. */
function before(versionstamp: string): string {
  const lower = BigInt(`0x${versionstamp}`) - 1n;
  return lower.toString(16).padStart(versionstamp.length, "0");
}
