/** `POST /api/runs/:id/cancel`: stops a run; asking again changes nothing. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    return ctx.json(await chat.cancelRun(ctx.state.workspace, ctx.params.run));
  },
}));
