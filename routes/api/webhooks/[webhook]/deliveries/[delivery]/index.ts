/** `GET /api/webhooks/:id/deliveries/:delivery`: one event on its way, with its attempts. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const { webhook, delivery } = ctx.params;
    const found = await services.webhooks.delivery(caller, webhook, delivery);
    return ctx.json(found, { headers: { "cache-control": "no-store" } });
  },
}));
