/** `GET /api/documents/:id/chunks?limit&cursor`: the pieces of it that can be found, in their order. */
import { readChunkCursor } from "@/lib/http/document_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents }, space } = ctx.state;
    const { limit, cursor } = readPageQuery(ctx.url);
    const found = await documents.chunks(
      space,
      ctx.params.document,
      readChunkCursor(cursor),
      limit + 1,
      ctx.req.signal,
    );
    const items = found.slice(0, limit);
    const next = found[limit];
    return ctx.json({
      items,
      nextCursor: next === undefined ? null : String(next.number),
    });
  },
}));
