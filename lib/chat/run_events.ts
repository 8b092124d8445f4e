/** Events of a run as they are made, cut and stored. */
import type { RunEvent } from "@/lib/shared/wire.ts";
import { eventJson, type PlacedEvent } from "@/lib/streams/live_run.ts";
import { isEnded, type RunRecord } from "./records.ts";

/** Largest text of one event, in UTF-16 code units; with JSON escapes it stays below a value's limit. */
const MAX_EVENT_CHARACTERS = 4_000;

/** Characters of event data in one stored segment; in UTF-16 they fit a value with room to spare. */
const SEGMENT_CHARACTERS = 12_000;

/** A segment of a run's log as stored; its key holds the last sequence number. */
export interface SegmentRecord {
  v: 1;
  firstSeq: number;
  events: RunEvent[];
}

/** Cuts a very long text into event-sized pieces, never inside a surrogate pair. */
export function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + MAX_EVENT_CHARACTERS, text.length);
    const code = text.charCodeAt(to - 1);
    if (to < text.length && code >= 0xd800 && code <= 0xdbff) to -= 1;
    yield text.slice(from, to);
    from = to;
  }
}

/** Cuts consecutive events into segments that each fit a value. */
export function toSegments(events: PlacedEvent[]): PlacedEvent[][] {
  const cut: PlacedEvent[][] = [];
  let characters = 0;
  for (const placed of events) {
    const size = eventJson(placed).length;
    if (cut.length === 0 || characters + size > SEGMENT_CHARACTERS) {
      cut.push([]);
      characters = 0;
    }
    cut[cut.length - 1].push(placed);
    characters += size;
  }
  return cut;
}

export function openingEvent(record: RunRecord): RunEvent {
  return {
    event: "start",
    data: {
      runId: record.id,
      threadId: record.threadId,
      messageId: record.messageId,
      model: record.model,
      cache: null,
    },
  };
}

/** The event that ends the stream of a run in this state. */
export function terminalEvent(
  record: Pick<RunRecord, "status" | "finishReason" | "usage" | "error">,
): RunEvent {
  if (record.error !== null) return { event: "error", data: record.error };
  return {
    event: "done",
    data: {
      status: record.status,
      finishReason: record.finishReason,
      usage: record.usage,
      costMicroUsd: null,
    },
  };
}

/** Events of an epoch whose log is not there: the whole text, and the end if the run has ended. */
export function eventsFromText(record: RunRecord, text: string): PlacedEvent[] {
  const opening: RunEvent = record.epoch === 1 ? openingEvent(record) : {
    event: "reset",
    data: {
      epoch: record.epoch,
      reason: "The server was stopped while it answered",
    },
  };
  const events: RunEvent[] = [opening];
  for (const content of pieces(text)) {
    events.push({ event: "chunk", data: { content } });
  }
  if (isEnded(record.status)) events.push(terminalEvent(record));
  return events.map((event, seq) => ({
    position: { epoch: record.epoch, seq },
    event,
  }));
}

/** The text of an answer out of its events. */
export function textOf(events: readonly PlacedEvent[]): string {
  let text = "";
  for (const { event } of events) {
    if (event.event === "chunk") text += event.data.content;
  }
  return text;
}
