/** `POST /api/tasks/:id/restore` undoes a deletion of the last five minutes. */
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, space } = ctx.state;
    const task = await services.tasks.restore(
      space,
      ctx.params.task,
    );
    return ctx.json(task, { headers: { etag: etag(task.version) } });
  },
}));
