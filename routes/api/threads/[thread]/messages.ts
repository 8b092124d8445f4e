/** `GET /api/threads/:id/messages`: the branch on view, or with `?tree=1` every message. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const whole = ctx.url.searchParams.get("tree") === "1";
    const items = await chat.listMessages(
      ctx.state.workspace,
      ctx.params.thread,
      { whole },
    );
    return ctx.json({ items, nextCursor: null });
  },
}));
