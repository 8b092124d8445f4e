/** `/api/sessions/:id`: one of the caller's sessions, shown or ended. */
import { notFound } from "@/lib/chat/refusals.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const sessions = await services.sessions.list(caller.user, caller.session);
    const session = sessions.find(({ id }) => id === ctx.params.session);
    if (session === undefined) throw notFound("session");
    return ctx.json(session);
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.sessions.revoke(caller, ctx.params.session);
    return new Response(null, { status: 204 });
  },
}));
