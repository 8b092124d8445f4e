/** `GET /api/jobs/:id/result`: what a job has come to, as a JSON file. */
import { AppError } from "@/lib/errors.ts";
import { requireJob, seenBy } from "@/lib/http/job_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { jobs } } = ctx.state;
    const { space, id } = await requireJob(ctx.state, ctx.params.job);
    const { result } = seenBy(ctx.state, space, await jobs.get(space, id));
    if (result === null) {
      throw new AppError({
        status: 404,
        code: "not_found",
        message: "The job has no result.",
      });
    }
    return ctx.json(result, {
      headers: {
        "cache-control": "no-store",
        "content-disposition": `attachment; filename="${id}.json"`,
      },
    });
  },
}));
