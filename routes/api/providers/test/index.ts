/** `POST /api/providers/test`: tries whether a provider that is not kept could be asked. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { providerTrialSchema } from "@/lib/llm/catalog/provider_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const input = await readJson(ctx.req, providerTrialSchema);
    const result = await ctx.state.services.catalog.tryProvider(
      { id: "new", models: "discover", ...input },
      ctx.req.signal,
    );
    return ctx.json(result, { headers: { "cache-control": "no-store" } });
  },
}));
