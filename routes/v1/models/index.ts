/** `GET /v1/models`: the models that the caller may ask, by the names that callers use. */
import { askerFrom } from "@/lib/auth/asker.ts";
import { allowsModel } from "@/lib/auth/key_allows.ts";
import { toModelObject } from "@/lib/gateway/model_object.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const models = await services.modelAccess.listed(
      askerFrom(caller),
      await services.models.list(ctx.req.signal),
    );
    const allowed = models.filter(({ id }) => allowsModel(caller.key, id));
    return ctx.json({ object: "list", data: allowed.map(toModelObject) });
  },
}));
