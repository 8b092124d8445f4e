/** `GET /api/schedules/:id/runs`: what became of it, newest first, each with its job. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { scheduleSpace } from "@/lib/http/schedule_access.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const id = ctx.params.schedule;
    const runs = await ctx.state.services.schedules.history(
      await scheduleSpace(ctx.state, id),
      id,
      readPageQuery(ctx.url),
    );
    return ctx.json(runs, { headers: { "cache-control": "no-store" } });
  },
}));
