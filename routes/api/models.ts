/** `GET /api/models`: the models a thread may use, and the one a new thread starts with. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { models } = ctx.state.services;
    const { models: items, defaultModel } = await models.choices(
      ctx.req.signal,
    );
    return ctx.json({
      items: items.map(({ id, label, provider }) => ({ id, label, provider })),
      nextCursor: null,
      defaultModel,
    });
  },
}));
