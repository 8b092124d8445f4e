/** `GET /v1/models`: all models by the names that callers use. */
import { toModelObject } from "@/lib/gateway/model_object.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const models = await ctx.state.services.models.list(ctx.req.signal);
    return ctx.json({ object: "list", data: models.map(toModelObject) });
  },
}));
