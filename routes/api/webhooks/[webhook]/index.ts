/** `/api/webhooks/:id`: one webhook, read, changed, or deleted. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { webhookPatchSchema } from "@/lib/webhooks/webhook_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const webhook = await services.webhooks.require(
      caller,
      ctx.params.webhook,
    );
    return ctx.json(webhook, {
      headers: { etag: etag(webhook.version), "cache-control": "no-store" },
    });
  },
  async PATCH(ctx) {
    const { services, caller } = ctx.state;
    const patch = await readJson(ctx.req, webhookPatchSchema);
    const webhook = await services.webhooks.update(
      caller,
      ctx.params.webhook,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(webhook, {
      headers: { etag: etag(webhook.version), "cache-control": "no-store" },
    });
  },
  async DELETE(ctx) {
    const { services, caller } = ctx.state;
    await services.webhooks.remove(
      caller,
      ctx.params.webhook,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
