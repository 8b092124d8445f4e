/** `GET /api/schedules?scope` lists schedules, newest first; `POST` makes one. */
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { scheduleListSpace } from "@/lib/http/schedule_access.ts";
import { newScheduleSchema } from "@/lib/schedules/schedule_input.ts";
import { requireTarget } from "@/lib/http/schedule_form.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { schedules } } = ctx.state;
    const space = scheduleListSpace(ctx.state, ctx.url);
    return ctx.json(await schedules.list(space, readPageQuery(ctx.url)), {
      headers: { "cache-control": "no-store" },
    });
  },
  async POST(ctx) {
    const { services: { schedules }, space } = ctx.state;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, newScheduleSchema);
    requireTarget(ctx.state, input.target);
    const schedule = await schedules.create(space, input, idempotencyKey);
    return ctx.json(schedule, {
      status: 201,
      headers: {
        location: `/api/schedules/${schedule.id}`,
        etag: etag(schedule.version),
      },
    });
  },
}));
