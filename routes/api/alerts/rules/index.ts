/** `/api/alerts/rules`: what is watched. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { alerts } } = ctx.state;
    return ctx.json(await alerts.rules(caller, ctx.req.signal));
  },
}));
