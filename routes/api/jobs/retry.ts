/** `POST /api/jobs/retry {kind?}`: begins the dead jobs of the workspace again, a thousand at a time. */
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
    const retried = await retryAll(ctx.state, kind, ctx.req.signal);
    return ctx.json(retried, { status: 202 });
  },
}));
