/** `POST /api/webhooks/:id/secret`: a new secret, shown this once; the old one signs for a day beside it. */
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const { webhook, secret } = await services.webhooks.rotate(
      caller,
      ctx.params.webhook,
      () => {},
    );
    return ctx.json({ ...webhook, secret }, {
      headers: { etag: etag(webhook.version), "cache-control": "no-store" },
    });
  },
}));
