/** `/api/notifications/:id`: one notification; PATCH `{"read"}` marks it as read, or as unread again. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { notificationPatchSchema } from "@/lib/notifications/notification_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { notifications }, space } = ctx.state;
    return ctx.json(
      await notifications.require(space, ctx.params.notification),
    );
  },
  async PATCH(ctx) {
    const { services: { notifications }, space } = ctx.state;
    const { read } = await readJson(ctx.req, notificationPatchSchema);
    return ctx.json(
      await notifications.setRead(space, ctx.params.notification, read),
    );
  },
}));
