/** `/api/routes/:id`: one route, read, changed, switched off, or removed. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { toRouteDetails } from "@/lib/http/provider_view.ts";
import { routePatchSchema } from "@/lib/llm/catalog/provider_input.ts";
import type { KnownRoute } from "@/lib/llm/catalog/route_catalog.ts";
import { define } from "@/utils.ts";

function respond(known: KnownRoute): Response {
  return Response.json(toRouteDetails(known), {
    headers: { etag: etag(known.version) },
  });
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { routes } = ctx.state.services.catalog;
    return respond(await routes.get(ctx.params.route));
  },
  async PATCH(ctx) {
    const { caller, services: { catalog } } = ctx.state;
    const patch = await readJson(ctx.req, routePatchSchema);
    const known = await catalog.routes.update(
      caller,
      ctx.params.route,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return respond(known);
  },
  async DELETE(ctx) {
    const { caller, services: { catalog } } = ctx.state;
    await catalog.routes.remove(
      caller,
      ctx.params.route,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
