/** `GET /api/keys?user=` lists API keys, newest first; `POST` makes one and shows it this once. */
import { newApiKeySchema } from "@/lib/auth/api_key_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { readKeyOwner } from "@/lib/http/key_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const page = await services.apiKeys.list(
      caller,
      readPageQuery(ctx.url),
      readKeyOwner(ctx.url),
    );
    return ctx.json(page, { headers: { "cache-control": "no-store" } });
  },
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const input = await readJson(ctx.req, newApiKeySchema);
    const { key, token } = await services.apiKeys.create(caller, input);
    return ctx.json({ ...key, key: token }, {
      status: 201,
      headers: {
        location: `/api/keys/${key.id}`,
        etag: etag(key.version),
        "cache-control": "no-store",
      },
    });
  },
}));
