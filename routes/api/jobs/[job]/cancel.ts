/** `POST /api/jobs/:id/cancel`: ends a job, in whatever process it is done; asking again changes nothing. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { requireJob, seenBy } from "@/lib/http/job_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { jobs } } = ctx.state;
    await readJson(ctx.req, nothingSchema, { optional: true });
    const { space, id } = await requireJob(ctx.state, ctx.params.job);
    return ctx.json(seenBy(ctx.state, space, await jobs.cancel(space, id)));
  },
}));
