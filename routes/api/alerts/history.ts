/** `/api/alerts/history`: alerts that fired and are over, the latest first. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { alerts } } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await alerts.history(caller, query, ctx.req.signal));
  },
}));
