/** `GET /api/workspaces` lists those the caller is in; `POST` makes one, whose owner the caller is. */
import { newWorkspaceSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const all = await services.workspaces.list(caller.user);
    // A key belongs to one workspace, and the others are none of its business.
    const items = caller.key === null
      ? all
      : all.filter(({ id }) => id === caller.workspace);
    return ctx.json({ items, nextCursor: null });
  },
  async POST(ctx) {
    const { caller, services } = ctx.state;
    const input = await readJson(ctx.req, newWorkspaceSchema);
    const workspace = await services.workspaces.create(caller, input);
    return ctx.json(workspace, {
      status: 201,
      headers: {
        location: `/api/workspaces/${workspace.id}`,
        etag: etag(workspace.version),
      },
    });
  },
}));
