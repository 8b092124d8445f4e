/** `POST /api/schedules/:id/pause`: nothing of it begins until it is resumed. */
import { methods } from "@/lib/http/methods.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { scheduleSpace } from "@/lib/http/schedule_access.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const id = ctx.params.schedule;
    const schedule = await ctx.state.services.schedules.update(
      await scheduleSpace(ctx.state, id),
      id,
      { paused: true },
      // Whatever else has changed, it is to be so.
      () => {},
    );
    return ctx.json(schedule, { headers: { etag: etag(schedule.version) } });
  },
}));
