/** `GET /api/requests`: the requests that asked a model, newest first. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { limit, cursor } = readPageQuery(ctx.url);
    const page = await ctx.state.services.requestLog.list(
      ctx.state.caller.workspace,
      { before: beforeId("req", cursor), limit },
      ctx.req.signal,
    );
    return ctx.json(page, { headers: { "cache-control": "no-store" } });
  },
}));
