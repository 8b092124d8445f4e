/** `GET /api/events/:id?scope`: one event. */
import { findEvent, readEventScope } from "@/lib/http/event_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const event = await findEvent(
      services.eventLog,
      caller,
      readEventScope(ctx.url, caller),
      ctx.params.event,
    );
    return ctx.json(event, { headers: { "cache-control": "no-store" } });
  },
}));
