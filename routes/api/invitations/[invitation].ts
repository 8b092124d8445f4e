/** `/api/invitations/:id`: shown, sent again with a new link (`POST`), or revoked. */
import { invitationResponse } from "@/lib/http/invitation_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    return ctx.json(
      await services.invitations
        .require(caller.workspace, ctx.params.invitation),
    );
  },
  async POST(ctx) {
    const { caller, origin, services } = ctx.state;
    return invitationResponse(
      await services.invitations
        .resend(caller, ctx.params.invitation, origin ?? ""),
    );
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.invitations.revoke(caller, ctx.params.invitation);
    return new Response(null, { status: 204 });
  },
}));
