/** `DELETE /api/me/data` erases what the caller has in the workspace; `GET` tells whether that goes on. */
import { by } from "@/lib/audit/audit_event.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { personalData } } = ctx.state;
    const { workspace, user } = caller;
    const isPending = await personalData.erasureOrders
      .isPending(workspace, user);
    return ctx.json({ deleting: isPending });
  },
  async DELETE(ctx) {
    const { caller, services: { personalData } } = ctx.state;
    const { workspace, user } = caller;
    await personalData.erasureOrders
      .orderNow(workspace, user, "data", by(caller));
    personalData.eraser.soon();
    return ctx.json({ deleting: true }, { status: 202 });
  },
}));
