/** `GET /api/notifications?read&event`: what the caller was told, newest first, and how much is unread. */
import { readNotificationFilter } from "@/lib/http/notification_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { notifications }, space } = ctx.state;
    const filter = readNotificationFilter(ctx.url);
    const query = readPageQuery(ctx.url);
    const [page, unread] = await Promise.all([
      notifications.list(space, filter, query),
      notifications.unread(space),
    ]);
    return ctx.json({ ...page, unread }, {
      headers: { "cache-control": "no-store" },
    });
  },
}));
