/** `POST /api/webhooks/:id/deliveries/:delivery/resend`: once more, with the same `webhook-id`. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const { webhook, delivery } = ctx.params;
    const sent = await services.webhooks.resend(caller, webhook, delivery);
    return ctx.json(sent, {
      status: 202,
      headers: { "cache-control": "no-store" },
    });
  },
}));
