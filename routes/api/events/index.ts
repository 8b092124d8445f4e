/** `GET /api/events?scope&type&subject&from&to`: what has happened, newest first. */
import {
  listEvents,
  readEventFilter,
  readEventScope,
} from "@/lib/http/event_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const page = await listEvents(
      services.eventLog,
      caller,
      readEventScope(ctx.url, caller),
      readEventFilter(ctx.url),
      readPageQuery(ctx.url),
      ctx.req.signal,
    );
    return ctx.json(page, { headers: { "cache-control": "no-store" } });
  },
}));
