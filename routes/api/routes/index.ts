/** `GET /api/routes`: names that lead to several models; `POST` adds one. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { toRouteDetails } from "@/lib/http/provider_view.ts";
import { newRouteSchema } from "@/lib/llm/catalog/provider_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const known = await ctx.state.services.catalog.routes.list();
    return ctx.json({ items: known.map(toRouteDetails), nextCursor: null });
  },
  async POST(ctx) {
    const { caller, services } = ctx.state;
    const input = await readJson(ctx.req, newRouteSchema);
    const known = await services.catalog.routes.create(caller, input);
    return ctx.json(toRouteDetails(known), {
      status: 201,
      headers: {
        location: `/api/routes/${encodeURIComponent(known.settings.id)}`,
        etag: etag(known.version),
      },
    });
  },
}));
