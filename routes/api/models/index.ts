/** `GET /api/models`: the models a thread may use, and the one a new thread starts with. */
import { askerFrom } from "@/lib/auth/asker.ts";
import { allowsModel } from "@/lib/auth/key_allows.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { modelAccess } } = ctx.state;
    const { models: items, defaultModel } = await modelAccess.choices(
      askerFrom(caller),
      ctx.req.signal,
    );
    const allowed = items.filter(({ id }) => allowsModel(caller.key, id));
    return ctx.json({
      items: allowed.map(({ id, label, provider }) => ({
        id,
        label,
        provider,
      })),
      nextCursor: null,
      defaultModel:
        defaultModel === null || allowsModel(caller.key, defaultModel)
          ? defaultModel
          : allowed[0]?.id ?? null,
    });
  },
}));
