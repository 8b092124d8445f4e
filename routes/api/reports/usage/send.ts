/** `POST /api/reports/usage/send`: mails a report of what was used, as a job. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { usageReportSchema } from "@/lib/jobs/kinds/usage_report.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { jobs }, space } = ctx.state;
    const input = await readJson(ctx.req, usageReportSchema);
    const { job } = await jobs.enqueue(space, {
      kind: "usage.report",
      input,
      askedBy: storedCaller(caller),
    });
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
