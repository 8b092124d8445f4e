/** `GET /api/schedules/preview?cron&timeZone`: what a cron text means, and the next five times. */
import { methods } from "@/lib/http/methods.ts";
import { readClock } from "@/lib/shared/clock.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET(ctx) {
    const { searchParams } = ctx.url;
    const preview = ctx.state.services.schedules.preview(
      searchParams.get("cron") ?? "",
      searchParams.get("timeZone") || readClock().timeZone,
    );
    return ctx.json(preview, { headers: { "cache-control": "no-store" } });
  },
}));
