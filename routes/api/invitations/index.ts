/** `GET /api/invitations` lists those that nobody has accepted yet; `POST` invites an address. */
import { newInvitationSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { invitationResponse } from "@/lib/http/invitation_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await services.invitations.list(caller.workspace, query));
  },
  async POST(ctx) {
    const { caller, origin, services } = ctx.state;
    const input = await readJson(ctx.req, newInvitationSchema);
    return invitationResponse(
      await services.invitations.create(caller, input, origin ?? ""),
    );
  },
}));
