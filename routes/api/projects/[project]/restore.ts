/** `POST /api/projects/:id/restore` undoes a deletion of the last five minutes. */
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, space } = ctx.state;
    const project = await services.projects.restore(
      space,
      ctx.params.project,
    );
    return ctx.json(project, { headers: { etag: etag(project.version) } });
  },
}));
