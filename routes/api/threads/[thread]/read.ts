/** `POST /api/threads/:id/read`: someone has seen the newest answer. A GET says nothing: it may be a prefetch. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { notifications, threadEdits }, space } = ctx.state;
    await threadEdits.markRead(space, ctx.params.thread);
    await notifications.readThread(space, ctx.params.thread);
    return new Response(null, { status: 204 });
  },
}));
