/**
 * `GET /api/live?channels=threads,jobs,thread:ID&cursor=`: what happens, over a WebSocket, or as
 * server-sent events where none is asked for. docs/live.md has the protocol.
 */
import type { Context } from "fresh";
import { AppError } from "@/lib/errors.ts";
import { type Channel, parseChannels } from "@/lib/events/live_channels.ts";
import { liveResponse } from "@/lib/events/live_response.ts";
import { LiveSocket } from "@/lib/events/live_socket.ts";
import {
  accessOf,
  assertMayListen,
  isStillAdmin,
  isUpgrade,
  streamSignal,
} from "@/lib/http/live_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define, type State } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const query = ctx.url.searchParams;
    const channels = parseChannels(query.get("channels"));
    const cursor = ctx.req.headers.get("last-event-id") ||
      query.get("cursor") || null;
    return isUpgrade(ctx.req)
      ? overSocket(ctx, channels, cursor)
      : await asStream(ctx, channels, cursor);
  },
}));

async function asStream(
  ctx: Context<State>,
  channels: readonly Channel[],
  cursor: string | null,
): Promise<Response> {
  const { services: { liveFeed }, space } = ctx.state;
  if (liveFeed.stopped.aborted) throw goingDown();
  await assertMayListen(ctx, channels);
  const hungUp = new AbortController();
  const listener = await liveFeed.listen(
    space,
    channels,
    cursor,
    hungUp.signal,
  );
  return liveResponse(
    liveFeed,
    listener,
    streamSignal(ctx, channels),
    hungUp,
  );
}

function goingDown(): AppError {
  return new AppError({
    status: 503,
    code: "going_down",
    message: "The server is going down. Try again.",
    retryable: true,
    headers: { "retry-after": "1" },
  });
}

function overSocket(
  ctx: Context<State>,
  channels: readonly Channel[],
  cursor: string | null,
): Response {
  const { services: { liveFeed, admission }, space } = ctx.state;
  // It is asked for a sign of life after half of this time, and gone after all of it.
  const idleTimeout = 2 * liveFeed.heartbeatMs / 1_000;
  const { socket, response } = Deno.upgradeWebSocket(ctx.req, { idleTimeout });
  const over = Promise.withResolvers<void>();
  const live = new LiveSocket(socket, {
    feed: liveFeed,
    async listen(signal) {
      await assertMayListen(ctx, channels);
      return await liveFeed.listen(space, channels, cursor, signal);
    },
    assertMayListen: (more) => assertMayListen(ctx, more),
    isStillAdmin: () => isStillAdmin(ctx),
    access: accessOf(ctx, over.promise),
  });
  void live.closed.then(over.resolve);
  // The request itself is over as soon as it is answered.
  admission.count(live.closed);
  return response;
}
