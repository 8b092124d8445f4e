/** `POST /api/jobs/:id/retry`: begins a job again that is over, or now what waits for its next attempt. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { requireJob, requireMayRetry, seenBy } from "@/lib/http/job_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { jobs } } = ctx.state;
    await readJson(ctx.req, nothingSchema, { optional: true });
    const record = await requireJob(ctx.state, ctx.params.job);
    requireMayRetry(ctx.state, record);
    const { space, id } = record;
    const job = seenBy(ctx.state, space, await jobs.retry(space, id));
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
