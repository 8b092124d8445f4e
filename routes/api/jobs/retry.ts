/** `POST /api/jobs/retry {kind?}`: begins the failed jobs of the workspace again, as a job of its own. */
import * as z from "zod";
import { retryAll } from "@/lib/http/admin_job_actions.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const bulkSchema = z.strictObject({
  kind: z.string().min(1).max(60).nullable().default(null),
});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { kind } = await readJson(ctx.req, bulkSchema, { optional: true });
    const job = await retryAll(ctx.state, kind);
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
