/** `GET /api/runs/:id`: one run with the text so far. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const space = await chat.spaceOfRun(ctx.state.caller, ctx.params.run);
    return ctx.json(await chat.requireRun(space, ctx.params.run));
  },
}));
