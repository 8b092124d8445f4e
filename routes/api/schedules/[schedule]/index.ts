/** `/api/schedules/:id`: one schedule, read, changed or deleted. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { scheduleSpace } from "@/lib/http/schedule_access.ts";
import { schedulePatchSchema } from "@/lib/schedules/schedule_input.ts";
import { requireTarget } from "@/lib/http/schedule_form.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const id = ctx.params.schedule;
    const schedule = await ctx.state.services.schedules.require(
      await scheduleSpace(ctx.state, id),
      id,
    );
    return ctx.json(schedule, {
      headers: { etag: etag(schedule.version), "cache-control": "no-store" },
    });
  },
  async PATCH(ctx) {
    const id = ctx.params.schedule;
    const patch = await readJson(ctx.req, schedulePatchSchema);
    if (patch.target !== undefined) requireTarget(ctx.state, patch.target);
    const schedule = await ctx.state.services.schedules.update(
      await scheduleSpace(ctx.state, id),
      id,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(schedule, { headers: { etag: etag(schedule.version) } });
  },
  async DELETE(ctx) {
    const id = ctx.params.schedule;
    await ctx.state.services.schedules.delete(
      await scheduleSpace(ctx.state, id),
      id,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
