/** `/api/alerts`: what is watched and not well. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { alerts } } = ctx.state;
    return ctx.json({ items: await alerts.current(caller, ctx.req.signal) });
  },
}));
