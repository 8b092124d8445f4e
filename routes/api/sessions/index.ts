/** `GET /api/sessions` lists the caller's sessions; `DELETE` ends all but the one that asks. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    // A user has at most a hundred, so there is one page.
    const items = await services.sessions.list(caller.user, caller.session);
    return ctx.json({ items, nextCursor: null });
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.sessions.revokeOthers(caller);
    return new Response(null, { status: 204 });
  },
}));
