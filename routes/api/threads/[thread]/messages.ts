/** `GET /api/threads/:id/messages`: the branch on view, or with `?tree=1` every message; newest page first. */
import { methods } from "@/lib/http/methods.ts";
import { MAX_LIMIT, readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { threads } = ctx.state.services;
    return ctx.json(
      await threads.listMessages(
        ctx.state.space,
        ctx.params.thread,
        // As many as a page may hold, so that most branches come whole.
        readPageQuery(ctx.url, MAX_LIMIT),
        { whole: ctx.url.searchParams.get("tree") === "1" },
      ),
    );
  },
}));
