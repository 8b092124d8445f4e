/** `GET /api/documents/search?q&documentId&limit`: what is in the documents. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { isId } from "@/lib/shared/ids.ts";
import { define } from "@/utils.ts";

const DEFAULT_LIMIT = 20;

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documentSearch }, space } = ctx.state;
    const { limit } = readPageQuery(ctx.url, DEFAULT_LIMIT);
    const document = ctx.url.searchParams.get("documentId");
    if (document !== null && !isId("doc", document)) {
      return ctx.json({ items: [], nextCursor: null });
    }
    const items = await documentSearch.find(space, {
      text: ctx.url.searchParams.get("q") ?? "",
      documentId: document,
      limit,
    }, ctx.req.signal);
    return ctx.json({ items, nextCursor: null });
  },
}));
