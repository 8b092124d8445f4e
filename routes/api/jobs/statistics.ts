/** `GET /api/jobs/statistics?hours=1`: how the jobs of the workspace do, for its admins. */
import { loadJobNumbers, readAdminJobsFilter } from "@/lib/http/admin_jobs.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { hours } = readAdminJobsFilter(ctx.url);
    const numbers = await loadJobNumbers(ctx.state, hours, ctx.req.signal);
    const { nowMs, ...rest } = numbers;
    return ctx.json({ hours, ...rest, asOf: new Date(nowMs) }, {
      headers: { "cache-control": "no-store" },
    });
  },
}));
