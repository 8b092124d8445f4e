/** `/api/threads/:id`: one thread, read, changed or deleted. */
import { threadPatchSchema } from "@/lib/chat/thread_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { threads } = ctx.state.services;
    const thread = await threads.require(
      ctx.state.space,
      ctx.params.thread,
    );
    return ctx.json(thread, { headers: { etag: etag(thread.version) } });
  },
  async PATCH(ctx) {
    const { threadEdits } = ctx.state.services;
    const patch = await readJson(ctx.req, threadPatchSchema);
    const thread = await threadEdits.update(
      ctx.state.space,
      ctx.params.thread,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(thread, { headers: { etag: etag(thread.version) } });
  },
  async DELETE(ctx) {
    const { threadEdits } = ctx.state.services;
    await threadEdits.delete(
      ctx.state.space,
      ctx.params.thread,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
