/** `/api/projects/:id`: one project, read, changed or deleted; its threads and tasks stay. */
import { projectPatchSchema } from "@/lib/chat/project_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const project = await services.projects.require(
      space,
      ctx.params.project,
    );
    return ctx.json(project, { headers: { etag: etag(project.version) } });
  },
  async PATCH(ctx) {
    const { services, space } = ctx.state;
    const patch = await readJson(ctx.req, projectPatchSchema);
    const project = await services.projects.update(
      space,
      ctx.params.project,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(project, { headers: { etag: etag(project.version) } });
  },
  async DELETE(ctx) {
    const { services, space } = ctx.state;
    await services.projects.delete(
      space,
      ctx.params.project,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
