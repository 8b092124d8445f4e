/** `GET /api/groups` lists the groups of the workspace, newest first; `POST` makes one. */
import { newGroupSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await services.groups.list(caller.workspace, query));
  },
  async POST(ctx) {
    const { caller, services } = ctx.state;
    const input = await readJson(ctx.req, newGroupSchema);
    const group = await services.groups.create(caller, input);
    return ctx.json(group, {
      status: 201,
      headers: {
        location: `/api/groups/${group.id}`,
        etag: etag(group.version),
      },
    });
  },
}));
