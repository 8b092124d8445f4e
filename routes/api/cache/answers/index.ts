/** `GET /api/cache/answers?limit&cursor`: the kept answers, newest first, without their texts. */
import { cursorOf, placeOf, toKeptAnswer } from "@/lib/http/cache_input.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { limit, cursor } = readPageQuery(ctx.url);
    const { caller, services: { answers } } = ctx.state;
    const found = await answers.cache.page(
      caller.workspace,
      placeOf(cursor),
      limit + 1,
      ctx.req.signal,
    );
    const items = found.slice(0, limit);
    return ctx.json({
      items: items.map(toKeptAnswer),
      nextCursor: found.length > limit ? cursorOf(items[limit - 1]) : null,
    });
  },
}));
