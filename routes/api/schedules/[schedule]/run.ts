/** `POST /api/schedules/:id/run`: runs it now; when it is due next stays as it is. */
import { methods } from "@/lib/http/methods.ts";
import { scheduleSpace } from "@/lib/http/schedule_access.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const id = ctx.params.schedule;
    const job = await ctx.state.services.schedules.run(
      await scheduleSpace(ctx.state, id),
      id,
    );
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
