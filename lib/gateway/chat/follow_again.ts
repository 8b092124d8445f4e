/** A run's events for who comes back to it, or was not there when it began. */
import type { After } from "@/lib/streams/follow.ts";
import { DRAIN_RETRY_MS } from "@/lib/streams/sse.ts";
import type { Gateway } from "../gateway.ts";
import { EventsText } from "./events_text.ts";
import { streamResponse } from "./stream_response.ts";

export interface FollowAgain {
  gateway: Gateway;
  space: string;
  runId: string;
  /** The last event that the caller has. */
  after: After;
  signal: AbortSignal;
}

/**
 * Streams the run from a place on; going away stops nothing. 204 for who has heard the end: an
 * EventSource would come back for ever.
 * @throws {AppError} 404 `not_found`
 */
export async function followAgain(
  { gateway, space, runId, after, signal }: FollowAgain,
): Promise<Response> {
  const { record } = await gateway.run(space, runId);
  const hasHeardEnd = after !== null && after !== "unknown" &&
    after.epoch === record.epoch && after.seq === record.endSeq;
  if (hasHeardEnd) return new Response(null, { status: 204 });
  const text = new EventsText(record);
  return streamResponse({
    follow: (gone) => gateway.follow(space, runId, after, gone),
    format: (events) => text.format(events),
    // The run goes on in another process: the caller comes back for the rest.
    broken: () => `retry: ${DRAIN_RETRY_MS}\n\n`,
    refused: (refusal) => text.refused(refusal),
    signal,
    headers: {
      "x-freshet-run": runId,
      "x-freshet-cache": record.cache ?? "bypass",
    },
  });
}
