/** `POST /api/providers/:id/test`: tries whether a provider that is there can be asked. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    await readJson(ctx.req, z.strictObject({}), { optional: true });
    const result = await ctx.state.services.catalog.tryKnown(
      ctx.params.provider,
      ctx.req.signal,
    );
    return ctx.json(result, { headers: { "cache-control": "no-store" } });
  },
}));
