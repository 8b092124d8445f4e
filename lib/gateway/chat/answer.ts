/** What a chat completion answers over HTTP: a stream, the whole answer, or where to find it later. */
import type { AppError } from "@/lib/errors.ts";
import { isTerminal, type PlacedEvent } from "@/lib/streams/live_run.ts";
import { onHangUp } from "@/lib/streams/sse.ts";
import type { Gateway, GatewayRun } from "../gateway.ts";
import { callerGone, endedEarly, runFailure } from "../run_failure.ts";
import { toRunObject } from "../run_object.ts";
import { EventsText } from "./events_text.ts";
import { streamResponse } from "./stream_response.ts";
import { wholeAnswer } from "./whole_answer.ts";

/** A request and the run that it began. */
export interface Asked {
  gateway: Gateway;
  space: string;
  run: GatewayRun;
  /** Aborts when the caller has gone, with an `AppError` when they may be here no longer. */
  signal: AbortSignal;
  /** Rejects, or resolves, when the caller has gone. */
  completed: Promise<void>;
}

type Events = AsyncGenerator<PlacedEvent[], void, void>;

/** How events are written for a caller. */
export interface EventsWriter {
  /** Empty for events that are none of the caller's concern. */
  format(events: readonly PlacedEvent[]): string;
  /** The end of a stream that goes on elsewhere, or nowhere. */
  broken(): string;
  /** The end of a stream whose caller may be here no longer. */
  refused(refusal: AppError): string;
}

/** How an answer that is not streamed looks. */
export interface AnswerForm {
  /** Reads the run to its end. */
  whole(
    events: AsyncIterable<readonly PlacedEvent[]>,
  ): Promise<Record<string, unknown>>;
  /** What stands in its place while it is not there. */
  later(): Promise<Response>;
}

function chatForm(asked: Asked): AnswerForm {
  return {
    whole: (events) => wholeAnswer(asked.run.record, events),
    later: () => later(asked),
  };
}

/**
 * Streams the answer, from the provider's first chunk on: what goes wrong before has a status of its own.
 * @throws {AppError} what the provider answered instead of a first chunk
 */
export async function streamAnswer(
  asked: Asked,
  text: EventsWriter = new EventsText(asked.run.record),
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { gateway, space, run: { record, isAttached } } = asked;
  const opening = await untilFirst(asked);
  return streamResponse({
    follow: (signal) =>
      opening?.(signal) ?? gateway.follow(space, record.id, null, signal),
    format: (events) => text.format(events),
    broken: () => text.broken(),
    refused: (refusal) => text.refused(refusal),
    signal: asked.signal,
    onHangUp: isAttached ? () => gateway.hungUp(record.id) : undefined,
    headers: { ...headersOf(asked.run), ...headers },
  });
}

/**
 * Waits for the whole answer, or so long.
 * @param waitMs null: as long as it takes; after it the run itself is the answer, with status 202
 * @param form a `chat.completion` unless told
 * @throws {AppError} with what ended the run before
 */
export async function answerWhole(
  asked: Asked,
  waitMs: number | null,
  form: AnswerForm = chatForm(asked),
): Promise<Response> {
  const { gateway, space, run: { record, first } } = asked;
  const enough = new AbortController();
  const timer = waitMs === null
    ? undefined
    : setTimeout(() => enough.abort(), waitMs);
  let isGone = false;
  const leave = watchHangUp(asked, () => {
    isGone = true;
    enough.abort();
  });
  try {
    // Its error tells more than the run's record.
    await Promise.race([first, aborted(enough.signal)]);
    const events = gateway.follow(space, record.id, null, enough.signal);
    const body = await form.whole(events);
    return Response.json(body, { headers: headersOf(asked.run) });
  } catch (error) {
    if (isGone) throw callerGone(error, asked.signal);
    if (waitMs !== null && enough.signal.aborted) return await form.later();
    throw error;
  } finally {
    clearTimeout(timer);
    leave();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Answers with the run: its answer comes later. */
export async function later(asked: Asked): Promise<Response> {
  const { gateway, space, run } = asked;
  const { record, text } = await gateway.run(space, run.record.id);
  return Response.json(toRunObject(record, text), {
    status: 202,
    headers: {
      ...headersOf(run),
      location: `/v1/runs/${record.id}`,
    },
  });
}

/** Ends an attached run when its caller goes before the response has begun. */
function watchHangUp(
  { gateway, run, signal, completed }: Asked,
  left: () => void,
): () => void {
  const { finish, hangUp } = onHangUp(signal, () => {
    if (run.isAttached) gateway.hungUp(run.record.id);
    left();
  });
  completed.then(hangUp, hangUp);
  return finish;
}

/**
 * Waits until there is something to stream.
 * @returns the events, where some of them had to be read for that
 */
async function untilFirst(
  asked: Asked,
): Promise<((signal: AbortSignal) => Events) | null> {
  const { gateway, space, run: { record, first, isKnown } } = asked;
  const gone = new AbortController();
  const leave = watchHangUp(asked, () => gone.abort());
  try {
    await first;
    if (!isKnown) return null;
    const follow = (signal: AbortSignal) =>
      gateway.follow(space, record.id, null, signal);
    return await peek(follow, gone.signal);
  } catch (error) {
    throw gone.signal.aborted ? callerGone(error, asked.signal) : error;
  } finally {
    leave();
  }
}

/** Reads events until one of them can be streamed; gives all of them again to who follows. */
async function peek(
  follow: (signal: AbortSignal) => Events,
  waiting: AbortSignal,
): Promise<(signal: AbortSignal) => Events> {
  const over = new AbortController();
  const stopWaiting = () => over.abort();
  waiting.addEventListener("abort", stopWaiting, { once: true });
  const events = follow(over.signal);
  const seen: PlacedEvent[][] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw endedEarly("interrupted");
    seen.push(value);
    const last = value[value.length - 1].event;
    const hasChunk = value.some(({ event }) =>
      event.event === "raw" || event.event === "chunk"
    );
    if (!hasChunk && last.event === "error") throw runFailure(last.data);
    if (hasChunk || isTerminal(last)) break;
  }
  waiting.removeEventListener("abort", stopWaiting);
  return async function* (signal) {
    signal.addEventListener("abort", stopWaiting, { once: true });
    yield* seen;
    yield* events;
  };
}

/** What every answer says about its run. */
export function headersOf(
  { record, cache }: Pick<GatewayRun, "record" | "cache">,
): Record<string, string> {
  return { "x-freshet-run": record.id, "x-freshet-cache": cache };
}
