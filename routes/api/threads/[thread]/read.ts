/** `POST /api/threads/:id/read`: someone has seen the newest answer. A GET says nothing: it may be a prefetch. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { threadEdits } = ctx.state.services;
    await threadEdits.markRead(ctx.state.space, ctx.params.thread);
    return new Response(null, { status: 204 });
  },
}));
