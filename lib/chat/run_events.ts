/** Events of a run as they are made, cut and stored. */
import { chunkText } from "@/lib/llm/openai/chunk_text.ts";
import type { RunEvent } from "@/lib/shared/wire.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { type RunRecord } from "./records.ts";

/** Largest text of one event, in UTF-16 code units; with JSON escapes it stays below a value's limit. */
const MAX_EVENT_CHARACTERS = 4_000;

const BROKEN_OFF = "The model broke off; another one begins the answer again";
const RESTARTED = "The server was stopped while it answered";

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

/** The first event of an epoch: the start of a run, or why it begins again. */
export function openingEvent(record: RunRecord): RunEvent {
  const { epoch, sources } = record;
  if (epoch > 1) {
    return { event: "reset", data: { epoch, reason: RESTARTED } };
  }
  return {
    event: "start",
    data: {
      runId: record.id,
      threadId: record.threadId,
      messageId: record.messageId,
      model: record.model,
      cache: record.cache ?? null,
      ...(sources?.length ? { sources: sources.length } : {}),
    },
  };
}

/** The first event of an epoch that another provider answers, since the one before broke off. */
export function failoverEvent({ epoch }: RunRecord): RunEvent {
  return { event: "reset", data: { epoch, reason: BROKEN_OFF } };
}

/** The event that ends the stream of a run in this state. */
export function terminalEvent(
  record: Pick<
    RunRecord,
    "status" | "finishReason" | "usage" | "costMicroUsd" | "error"
  >,
): RunEvent {
  if (record.error !== null) return { event: "error", data: record.error };
  return {
    event: "done",
    data: {
      status: record.status,
      finishReason: record.finishReason,
      usage: record.usage,
      costMicroUsd: record.costMicroUsd ?? null,
    },
  };
}

/**
 * Events of an epoch whose log is not there: the whole text, and the end if the run has ended. A place
 * never stands for two things: the text takes the last places before the end, where a follower has all
 * of it anyway.
 */
export function eventsFromText(record: RunRecord, text: string): PlacedEvent[] {
  const chunks: RunEvent[] = Array.from(
    pieces(text),
    (content) => ({ event: "chunk", data: { content } }),
  );
  const endSeq = record.endSeq ?? chunks.length + 1;
  const place = (event: RunEvent, seq: number): PlacedEvent => ({
    position: { epoch: record.epoch, seq },
    event,
  });
  const first = Math.max(endSeq - chunks.length, 1);
  const events = [
    place(openingEvent(record), 0),
    ...chunks.map((event, index) => place(event, first + index)),
  ];
  if (isEnded(record.status)) {
    events.push(place(terminalEvent(record), endSeq));
  }
  return events;
}

/** The text of an answer out of its events; of several choices that of the first. */
export function textOf(events: readonly PlacedEvent[]): string {
  let text = "";
  let part = "";
  for (const { event } of events) {
    if (event.event === "chunk") text += event.data.content;
    else if (event.event === "part") part += event.data;
    else if (event.event === "raw") {
      text += chunkText(part + event.data);
      part = "";
    }
  }
  return text;
}
