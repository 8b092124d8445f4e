/** `/api/notifications/settings`: what the caller is told of, and where. PATCH needs `If-Match`. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { notificationSettingsSchema } from "@/lib/notifications/notification_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { notifications }, space } = ctx.state;
    const settings = await notifications.settings(space);
    return ctx.json(settings, { headers: { etag: etag(settings.version) } });
  },
  async PATCH(ctx) {
    const { services: { notifications }, space } = ctx.state;
    const { events } = await readJson(ctx.req, notificationSettingsSchema);
    const settings = await notifications.changeSettings(
      space,
      events,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(settings, { headers: { etag: etag(settings.version) } });
  },
}));
