/** `GET /api/cache/answers/:key`: one kept answer, without its text. */
import { notFound } from "@/lib/chat/refusals.ts";
import { checkKey, toKeptDetails } from "@/lib/http/cache_input.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { answers } } = ctx.state;
    const found = await answers.cache.describe(
      caller.workspace,
      checkKey(ctx.params.answer),
      ctx.req.signal,
    );
    if (found === null) throw notFound("kept answer");
    return ctx.json(toKeptDetails(found));
  },
}));
