/** `GET /api/tags` lists tags by name; `POST` makes one (201), or gives the one of that name (200). */
import { newTagSchema } from "@/lib/chat/tag_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await services.tags.list(space, query));
  },
  async POST(ctx) {
    const { services, space } = ctx.state;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, newTagSchema);
    const { tag, isNew } = await services.tags.create(
      space,
      input,
      idempotencyKey,
    );
    return ctx.json(tag, {
      status: isNew ? 201 : 200,
      headers: { location: `/api/tags/${encodeURIComponent(tag.name)}` },
    });
  },
}));
