/** `/api/tags/:name`: one tag, read, or deleted from the list and from every task at once. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, workspace } = ctx.state;
    return ctx.json(await services.tags.require(workspace, ctx.params.name));
  },
  async DELETE(ctx) {
    const { services, workspace } = ctx.state;
    await services.tags.delete(workspace, ctx.params.name);
    return new Response(null, { status: 204 });
  },
}));
