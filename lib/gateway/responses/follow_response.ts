/** The events of a stored Response for who comes back to it. */
import { DRAIN_RETRY_MS } from "@/lib/streams/sse.ts";
import { parsePosition } from "@/lib/streams/position.ts";
import { streamResponse } from "../chat/stream_response.ts";
import type { Gateway } from "../gateway.ts";
import { numberAt, ResponseEventsText } from "./events_text.ts";
import type { FoundResponse } from "./stored_responses.ts";

export interface FollowResponse {
  gateway: Gateway;
  space: string;
  found: FoundResponse;
  /** Number of the last event that the caller has. */
  startingAfter: number | null;
  /** The same as an SSE id; counts without `startingAfter`. */
  lastEventId: string | null;
  signal: AbortSignal;
}

/** Streams the events behind a number; going away stops nothing. */
export function followResponse(
  { gateway, space, found, startingAfter, lastEventId, signal }: FollowResponse,
): Response {
  const { record, stored: { request } } = found;
  const place = parsePosition(lastEventId);
  const known = place === null || place === "unknown" ? null : numberAt(place);
  const text = new ResponseEventsText(record, request, startingAfter ?? known);
  return streamResponse({
    // Numbers are counted from the beginning of an epoch.
    follow: (gone) => gateway.follow(space, record.id, null, gone),
    format: (events) => text.format(events),
    broken: () => `retry: ${DRAIN_RETRY_MS}\n\n${text.broken()}`,
    refused: (refusal) => text.refused(refusal),
    signal,
    headers: {
      "x-freshet-run": record.id,
      "x-freshet-cache": record.cache ?? "bypass",
    },
  });
}
