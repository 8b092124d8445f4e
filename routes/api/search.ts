/** `GET /api/search?q=`: threads by what was said in them. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const query = ctx.url.searchParams.get("q") ?? "";
    const page = readPageQuery(ctx.url);
    return ctx.json(
      await services.search.find(space, query, page, ctx.req.signal),
    );
  },
}));
