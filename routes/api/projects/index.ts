/** `GET /api/projects` lists projects, newest first; `POST` makes one. */
import { newProjectSchema } from "@/lib/chat/project_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await services.projects.list(space, query));
  },
  async POST(ctx) {
    const { services, space } = ctx.state;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, newProjectSchema);
    const project = await services.projects.create(
      space,
      input,
      idempotencyKey,
    );
    return ctx.json(project, {
      status: 201,
      headers: {
        location: `/api/projects/${project.id}`,
        etag: etag(project.version),
      },
    });
  },
}));
