/** `GET /api/runs/:id/events`: follows a run, from `Last-Event-ID` on where one is given. */
import { methods } from "@/lib/http/methods.ts";
import { parsePosition } from "@/lib/streams/position.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const { workspace } = ctx.state;
    const run = await chat.requireRun(workspace, ctx.params.run);
    const after = parsePosition(ctx.req.headers.get("last-event-id"));
    // Tells an EventSource, which comes back by itself after every end, to stay away.
    if (await chat.hasHeardEnd(workspace, run.id, after)) {
      return new Response(null, { status: 204 });
    }
    return sseResponse(
      (signal) => chat.follow(workspace, run.id, after, signal),
      ctx.req.signal,
    );
  },
}));
