/** `GET /api/threads` lists threads, newest activity first; `POST` makes one. */
import { newThreadSchema, readThreadQuery } from "@/lib/chat/thread_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { threads } = ctx.state.services;
    return ctx.json(
      await threads.list(
        ctx.state.space,
        readPageQuery(ctx.url),
        readThreadQuery(ctx.url.searchParams),
      ),
    );
  },
  async POST(ctx) {
    const { threads } = ctx.state.services;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, newThreadSchema);
    const thread = await threads.create(
      ctx.state.space,
      input,
      idempotencyKey,
    );
    return ctx.json(thread, {
      status: 201,
      headers: {
        location: `/api/threads/${thread.id}`,
        etag: etag(thread.version),
      },
    });
  },
}));
