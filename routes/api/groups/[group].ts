/** `/api/groups/:id`: a group, shown, renamed or deleted. Whoever is in it stays in the workspace. */
import { groupPatchSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const group = await services.groups
      .require(caller.workspace, ctx.params.group);
    return ctx.json(group, { headers: { etag: etag(group.version) } });
  },
  async PATCH(ctx) {
    const { caller, services } = ctx.state;
    const patch = await readJson(ctx.req, groupPatchSchema);
    const group = await services.groups.update(
      caller,
      ctx.params.group,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(group, { headers: { etag: etag(group.version) } });
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.groups.delete(
      caller,
      ctx.params.group,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
