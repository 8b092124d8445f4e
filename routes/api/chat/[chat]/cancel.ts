/** `POST /api/chat/:id/cancel`: stops the answer of a chat; asking again changes nothing. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { uiChats } = ctx.state.services;
    const { record } = await uiChats.cancel(
      ctx.state.space,
      ctx.params.chat,
    );
    return ctx.json({ runId: record.id, status: record.status });
  },
}));
