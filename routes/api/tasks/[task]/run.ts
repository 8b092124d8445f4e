/** `POST /api/tasks/:id/run`: has a model do a task. 202 with the job; 200 with the one that does it already. */
import * as z from "zod";
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { taskRuns }, space } = ctx.state;
    await readJson(ctx.req, nothingSchema, { optional: true });
    const { job, isNew } = await taskRuns.start(
      space,
      ctx.params.task,
      storedCaller(caller),
    );
    return ctx.json(job, {
      status: isNew ? 202 : 200,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
