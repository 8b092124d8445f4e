/** `GET /api/threads/:id/messages`: the branch on view, or with `?tree=1` every message. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { threads } = ctx.state.services;
    const whole = ctx.url.searchParams.get("tree") === "1";
    const items = await threads.listMessages(
      ctx.state.workspace,
      ctx.params.thread,
      { whole },
    );
    return ctx.json({ items, nextCursor: null });
  },
}));
