/** `/api/keys/:id`: one API key, read, changed, or revoked by `DELETE`. */
import { apiKeyPatchSchema } from "@/lib/auth/api_key_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const key = await services.apiKeys.require(caller, ctx.params.key);
    return ctx.json(key, {
      headers: { etag: etag(key.version), "cache-control": "no-store" },
    });
  },
  async PATCH(ctx) {
    const { services, caller } = ctx.state;
    const patch = await readJson(ctx.req, apiKeyPatchSchema);
    const key = await services.apiKeys.update(
      caller,
      ctx.params.key,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(key, {
      headers: { etag: etag(key.version), "cache-control": "no-store" },
    });
  },
  async DELETE(ctx) {
    const { services, caller } = ctx.state;
    await services.apiKeys.revoke(
      caller,
      ctx.params.key,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
