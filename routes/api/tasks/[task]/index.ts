/** `/api/tasks/:id`: one task, read, changed or deleted. */
import { taskPatchSchema } from "@/lib/chat/task_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const task = await services.tasks.require(
      space,
      ctx.params.task,
    );
    return ctx.json(task, { headers: { etag: etag(task.version) } });
  },
  async PATCH(ctx) {
    const { services, space } = ctx.state;
    const patch = await readJson(ctx.req, taskPatchSchema);
    const task = await services.tasks.update(
      space,
      ctx.params.task,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(task, { headers: { etag: etag(task.version) } });
  },
  async DELETE(ctx) {
    const { services, space } = ctx.state;
    await services.tasks.delete(
      space,
      ctx.params.task,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
