/** `GET /api/webhooks/:id/deliveries`: events on their way to a webhook, newest first. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const page = await services.webhooks.deliveries(
      caller,
      ctx.params.webhook,
      readPageQuery(ctx.url),
      ctx.req.signal,
    );
    return ctx.json(page, { headers: { "cache-control": "no-store" } });
  },
}));
