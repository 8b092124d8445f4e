/** `/api/providers/:id`: one provider, read, changed, switched off, or removed. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { toProviderDetails } from "@/lib/http/provider_view.ts";
import type { KnownProvider } from "@/lib/llm/catalog/provider_catalog.ts";
import { providerPatchSchema } from "@/lib/llm/catalog/provider_input.ts";
import { define, type State } from "@/utils.ts";

function respond(state: State, known: KnownProvider): Response {
  return Response.json(toProviderDetails(state, known), {
    headers: { etag: etag(known.version), "cache-control": "no-store" },
  });
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { catalog } = ctx.state.services;
    return respond(ctx.state, await catalog.providers.get(ctx.params.provider));
  },
  async PATCH(ctx) {
    const { caller, services: { catalog } } = ctx.state;
    const patch = await readJson(ctx.req, providerPatchSchema);
    const known = await catalog.providers.update(
      caller,
      ctx.params.provider,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return respond(ctx.state, known);
  },
  async DELETE(ctx) {
    const { caller, services: { catalog } } = ctx.state;
    await catalog.providers.remove(
      caller,
      ctx.params.provider,
      (version) => requireIfMatch(ctx.req, version),
      ctx.url.searchParams.get("force") === "true",
    );
    return new Response(null, { status: 204 });
  },
}));
