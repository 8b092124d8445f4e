/** `GET /api/requests`: the requests that asked a model, newest first, all or those that are looked for. */
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { readRequestQuestion } from "@/lib/http/request_query.ts";
import { findRequests } from "@/lib/http/request_search.ts";
import type { RecordedRequestPage } from "@/lib/shared/wire.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { requestLog } } = ctx.state;
    const { signal } = ctx.req;
    const found = await findRequests(
      ctx.state,
      readRequestQuestion(ctx.url),
      readPageQuery(ctx.url),
      signal,
    );
    const { items, looked, backToMs, next } = found;
    const ids = items.map(({ id }) => id);
    const answer: RecordedRequestPage = {
      items: await requestLog.getAll(caller.workspace, ids, signal),
      nextCursor: next,
      looked: {
        requests: looked,
        backTo: backToMs === null ? null : new Date(backToMs).toISOString(),
      },
    };
    return ctx.json(answer, { headers: { "cache-control": "no-store" } });
  },
}));
