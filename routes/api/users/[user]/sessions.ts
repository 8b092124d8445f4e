/** `DELETE /api/users/:id/sessions`: signs somebody out of all browsers that act in the workspace. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async DELETE(ctx) {
    const { caller, services: { users } } = ctx.state;
    await users.signOut(caller, caller.workspace, ctx.params.user);
    return new Response(null, { status: 204 });
  },
}));
