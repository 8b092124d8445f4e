/** An answer as the browser knows it; `answer_events.ts` has it follow the events of its run. */
import type {
  Message,
  MessageStatus,
  RunError,
  RunEvent,
  Usage,
} from "@/lib/shared/wire.ts";

/** A place in a run: the epoch (attempt) and the number of the event in it. */
export interface Place {
  epoch: number;
  seq: number;
}

/** An event of a run, and where in the run it stands. */
export interface PlacedRunEvent {
  place: Place;
  event: RunEvent;
}

export interface Answer {
  /** Id of its message; null until the run has started. */
  messageId: string | null;
  runId: string | null;
  model: string | null;
  /** Newest event that is in here; null before the first. */
  place: Place | null;
  text: string;
  /** Text of an earlier attempt, which stays in sight until this one has something to say. */
  held: string;
  reasoning: string;
  status: MessageStatus;
  error: RunError | null;
  usage: Usage | null;
  /** When it was asked for, by the browser's clock; null for an answer that was there with the page. */
  askedAtMs: number | null;
  /** When the first token came; null before, and where that was not seen. */
  firstTokenAtMs: number | null;
  /** When the first token of the text came, which ends the reasoning. */
  firstTextAtMs: number | null;
  endedAtMs: number | null;
  /** Ids of all answers to the same question, this one included, oldest first. */
  siblings: string[];
  /** How many passages of documents the model was given; absent: none. */
  sources?: number;
}

/** Reads an SSE `id` of the form `epoch.seq`; null when it has another form. */
export function parsePlace(id: string | null | undefined): Place | null {
  const match = /^(\d{1,9})\.(\d{1,10})$/.exec(id ?? "");
  return match && { epoch: Number(match[1]), seq: Number(match[2]) };
}

/** Writes a place as an SSE `id`, for `Last-Event-ID`. */
export function formatPlace(place: Place): string {
  return `${place.epoch}.${place.seq}`;
}

/** An answer that was asked for a moment ago; `siblings` are the answers that are there already. */
export function waitingAnswer(
  model: string | null,
  nowMs: number,
  siblings: string[] = [],
): Answer {
  return {
    messageId: null,
    runId: null,
    model,
    place: null,
    text: "",
    held: "",
    reasoning: "",
    status: "streaming",
    error: null,
    usage: null,
    askedAtMs: nowMs,
    firstTokenAtMs: null,
    firstTextAtMs: null,
    endedAtMs: null,
    siblings,
  };
}

/**
 * The text to show. After a new attempt has begun, that is what there was before, for as long as the new
 * text only repeats it: nobody sees an answer vanish and come back.
 */
export function shownText({ text, held }: Answer): string {
  return text.length < held.length && held.startsWith(text) ? held : text;
}

/**
 * An answer from a stored message. `lastEventId` is the event up to which a streaming message's text
 * goes; without it the text is dropped, since the replay brings all of it again.
 */
export function answerFromMessage(
  message: Message,
  lastEventId: string | null,
): Answer {
  const isStreaming = message.status === "streaming";
  const place = isStreaming ? parsePlace(lastEventId) : null;
  return {
    ...waitingAnswer(message.model, 0),
    messageId: message.id,
    runId: message.runId,
    place,
    text: isStreaming && place === null ? "" : message.content,
    held: isStreaming && place === null ? message.content : "",
    status: message.status,
    error: message.error,
    usage: message.usage,
    askedAtMs: null,
    siblings: message.siblings,
    sources: message.sources,
  };
}
