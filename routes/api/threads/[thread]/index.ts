/** `GET /api/threads/:id`: one thread. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { threads } = ctx.state.services;
    const thread = await threads.require(
      ctx.state.workspace,
      ctx.params.thread,
    );
    return ctx.json(thread, { headers: { etag: `"${thread.version}"` } });
  },
}));
