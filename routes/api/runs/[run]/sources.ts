/** `GET /api/runs/:id/sources`: the pieces of documents that the model was given for its answer. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat, documentKnowledge } = ctx.state.services;
    const space = await chat.spaceOfRun(ctx.state.caller, ctx.params.run);
    const items = await documentKnowledge.beginnings(
      space,
      await chat.runSources(space, ctx.params.run),
      ctx.req.signal,
    );
    return ctx.json({ items, nextCursor: null });
  },
}));
