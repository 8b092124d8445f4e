/** `GET /api/live?channels=threads,thread:ID&cursor=`: what happens, as server-sent events. */
import { parseChannels } from "@/lib/events/live_channels.ts";
import { liveResponse } from "@/lib/events/live_response.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { liveFeed, threads } = ctx.state.services;
    const { space } = ctx.state;
    const query = ctx.url.searchParams;
    const channels = parseChannels(query.get("channels"));
    const named = channels.map(({ thread }) => thread).filter((id) =>
      id !== null
    );
    await Promise.all(named.map((id) => threads.require(space, id)));
    const cursor = ctx.req.headers.get("last-event-id") || query.get("cursor");
    return liveResponse(
      (signal) => liveFeed.listen(space, channels, cursor || null, signal),
      accessSignal(ctx),
    );
  },
}));
