/** `GET /api/tasks?projectId&status&tag` lists tasks, newest first; `POST` makes one with its tags. */
import { newTaskSchema } from "@/lib/chat/task_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { readTaskQuery } from "@/lib/http/task_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    return ctx.json(
      await services.tasks.list(
        space,
        readTaskQuery(ctx.url),
        readPageQuery(ctx.url),
      ),
    );
  },
  async POST(ctx) {
    const { services, space } = ctx.state;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, newTaskSchema);
    const task = await services.tasks.create(space, input, idempotencyKey);
    return ctx.json(task, {
      status: 201,
      headers: {
        location: `/api/tasks/${task.id}`,
        etag: etag(task.version),
      },
    });
  },
}));
