/**
 * `GET /api/runs/:id/events`: follows a run, from `Last-Event-ID` on where one is given; with `?poll=1`
 * answers with what there is after `?after=`, and waits a while when that is nothing.
 */
import { accessSignal, withAccess } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { pollResponse } from "@/lib/streams/poll.ts";
import { parsePosition } from "@/lib/streams/position.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const space = await chat.spaceOfRun(ctx.state.caller, ctx.params.run);
    const run = await chat.requireRun(space, ctx.params.run);
    const query = ctx.url.searchParams;
    const isPoll = query.get("poll") === "1";
    const after = parsePosition(
      (isPoll ? query.get("after") : null) ??
        ctx.req.headers.get("last-event-id"),
    );
    const hasHeardEnd = await chat.hasHeardEnd(space, run.id, after);
    const follow = (signal: AbortSignal) =>
      chat.follow(space, run.id, after, signal);
    if (isPoll) {
      return await pollResponse(withAccess(ctx), {
        follow,
        after,
        hasHeardEnd,
      });
    }
    // Tells an EventSource, which comes back by itself after every end, to stay away.
    if (hasHeardEnd) return new Response(null, { status: 204 });
    return sseResponse(follow, accessSignal(ctx));
  },
}));
