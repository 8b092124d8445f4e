/** `GET /api/webhooks?scope` lists webhooks, newest first; `POST` makes one and shows its secret this once. */
import { AppError } from "@/lib/errors.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { newWebhookSchema } from "@/lib/webhooks/webhook_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const scope = ctx.url.searchParams.get("scope") || "own";
    if (scope !== "own" && scope !== "workspace") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "scope must be own or workspace",
        errors: [{ path: "scope", message: "must be own or workspace" }],
      });
    }
    const items = await services.webhooks.list(caller, scope);
    return ctx.json({ items, nextCursor: null }, {
      headers: { "cache-control": "no-store" },
    });
  },
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const input = await readJson(ctx.req, newWebhookSchema);
    const { webhook, secret } = await services.webhooks.create(caller, input);
    return ctx.json({ ...webhook, secret }, {
      status: 201,
      headers: {
        location: `/api/webhooks/${webhook.id}`,
        etag: etag(webhook.version),
        "cache-control": "no-store",
      },
    });
  },
}));
