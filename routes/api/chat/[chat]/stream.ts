/** `GET /api/chat/:id/stream`: the answer that is being written in a chat, from its beginning; else 204. */
import { streamResponse } from "@/lib/gateway/chat/stream_response.ts";
import { UiEventsText } from "@/lib/gateway/ui_message/events_text.ts";
import { UI_MESSAGE_HEADERS } from "@/lib/gateway/ui_message/output.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { gateway, uiChats } = ctx.state.services;
    const { space } = ctx.state;
    const run = await uiChats.running(space, ctx.params.chat);
    if (run === null) return new Response(null, { status: 204 });
    const text = new UiEventsText(run.id);
    return streamResponse({
      follow: (signal) => gateway.follow(space, run.id, null, signal),
      format: (events) => text.format(events),
      broken: () => text.broken(),
      refused: (refusal) => text.refused(refusal),
      signal: accessSignal(ctx),
      headers: { ...UI_MESSAGE_HEADERS, "x-freshet-run": run.id },
    });
  },
}));
