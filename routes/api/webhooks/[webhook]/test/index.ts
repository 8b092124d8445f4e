/** `POST /api/webhooks/:id/test`: sends an event `webhook.test`, once; the deliveries say what became of it. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const { webhook } = ctx.params;
    await services.webhooks.test(caller, webhook);
    return new Response(null, {
      status: 202,
      headers: { location: `/api/webhooks/${webhook}/deliveries` },
    });
  },
}));
