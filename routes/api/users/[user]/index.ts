/** `/api/users/:id`: somebody of the workspace, shown, changed or taken out of it. */
import { userPatchSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const user = await services.users
      .require(caller.workspace, ctx.params.user);
    return ctx.json(user, { headers: { etag: etag(user.version) } });
  },
  async PATCH(ctx) {
    const { caller, services } = ctx.state;
    const patch = await readJson(ctx.req, userPatchSchema);
    const user = await services.users.update(
      caller,
      caller.workspace,
      ctx.params.user,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(user, { headers: { etag: etag(user.version) } });
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.users.remove(
      caller,
      caller.workspace,
      ctx.params.user,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
