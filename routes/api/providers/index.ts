/** `GET /api/providers`: who serves models, and how they do here; `POST` adds one. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { toProviderDetails } from "@/lib/http/provider_view.ts";
import { newProviderSchema } from "@/lib/llm/catalog/provider_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const known = await ctx.state.services.catalog.providers.list();
    const items = known.map((each) => toProviderDetails(ctx.state, each));
    return ctx.json({ items, nextCursor: null }, {
      headers: { "cache-control": "no-store" },
    });
  },
  async POST(ctx) {
    const { caller, services } = ctx.state;
    const input = await readJson(ctx.req, newProviderSchema);
    const known = await services.catalog.providers.create(caller, input);
    return ctx.json(toProviderDetails(ctx.state, known), {
      status: 201,
      headers: {
        location: `/api/providers/${known.id}`,
        etag: etag(known.version),
        "cache-control": "no-store",
      },
    });
  },
}));
