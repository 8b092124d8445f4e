/** `GET /api/jobs/:id`: one job with its attempts and its result. */
import { requireJob, seenBy } from "@/lib/http/job_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { jobs } } = ctx.state;
    const { space, id } = await requireJob(ctx.state, ctx.params.job);
    return ctx.json(seenBy(ctx.state, space, await jobs.get(space, id)), {
      headers: { "cache-control": "no-store" },
    });
  },
}));
