/** What a request for a Response answers over HTTP: events, the whole, or where to find it later. */
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import {
  answerWhole,
  type Asked,
  headersOf,
  streamAnswer,
} from "../chat/answer.ts";
import { endedEarly, runFailure } from "../run_failure.ts";
import { ResponseEventsText } from "./events_text.ts";
import type { ResponseRequest } from "./input.ts";
import { Progress } from "./progress.ts";
import {
  NEW_STATE,
  responseId,
  toResponse,
  toResponseStatus,
} from "./response_object.ts";

/** How the caller wants to have it. */
export interface Wanted {
  /** Now, by its id; it is read later. */
  isAsync: boolean;
  /** Whole, or after so long by its id; null: as long as it takes. */
  waitMs: number | null;
}

/** @throws {AppError} what the provider answered instead, before its first chunk or instead of the whole */
export async function answerResponse(
  asked: Asked,
  request: ResponseRequest,
  { isAsync, waitMs }: Wanted,
): Promise<Response> {
  const { run: { record } } = asked;
  if (request.stream) {
    return await streamAnswer(asked, new ResponseEventsText(record, request));
  }
  if (request.background) return await begun(asked, request, 200);
  if (request.store === false) {
    return await answerWhole(asked, null, wholeOf(asked, request));
  }
  return isAsync
    ? await begun(asked, request, 202)
    : await answerWhole(asked, waitMs, wholeOf(asked, request));
}

function wholeOf(asked: Asked, request: ResponseRequest) {
  return {
    whole: (events: AsyncIterable<readonly PlacedEvent[]>) =>
      wholeResponse(asked, request, events),
    later: () => begun(asked, request, 202),
  };
}

/** Answers with the Response as it is now. */
async function begun(
  { gateway, space, run }: Asked,
  request: ResponseRequest,
  status: 200 | 202,
): Promise<Response> {
  const { record } = await gateway.run(space, run.record.id);
  const state = { ...NEW_STATE, status: toResponseStatus(record.status) };
  return Response.json(toResponse(record, request, state), {
    status,
    headers: {
      ...headersOf(run),
      location: `/v1/responses/${responseId(record.id)}`,
    },
  });
}

/**
 * Reads a run to its end; one that somebody stops is a Response as well.
 * @throws {AppError} with the error that ended the run; 503 `run_interrupted` when the process goes down
 */
async function wholeResponse(
  { run: { record } }: Asked,
  request: ResponseRequest,
  events: AsyncIterable<readonly PlacedEvent[]>,
): Promise<Record<string, unknown>> {
  const progress = new Progress(record, request);
  for await (const batch of events) {
    for (const { event } of batch) {
      if (event.event === "reset") progress.restart();
      if (event.event === "error") throw runFailure(event.data);
      progress.add(event);
    }
  }
  const { response } = progress;
  const isOver = response.status !== "in_progress" &&
    response.status !== "failed";
  if (isOver) return response;
  throw endedEarly("interrupted");
}
