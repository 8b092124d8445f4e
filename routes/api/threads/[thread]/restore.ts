/** `POST /api/threads/:id/restore`: undoes a deletion while that is possible. */
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { threadEdits } = ctx.state.services;
    const thread = await threadEdits.restore(
      ctx.state.space,
      ctx.params.thread,
    );
    return ctx.json(thread, { headers: { etag: etag(thread.version) } });
  },
}));
