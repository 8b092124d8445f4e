/** `/api/alerts/silences`: for a while nobody is told that an alert fires. */
import { alertIdSchema } from "@/lib/config/alerts.ts";
import { invalidRequest } from "@/lib/errors.ts";
import { readOwner, silenceSchema } from "@/lib/http/alert_query.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const MINUTE_MS = 60_000;

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { alertSettings, store } } = ctx.state;
    const { minutes, ...target } = await readJson(ctx.req, silenceSchema);
    const untilMs = store.clock.now() + minutes * MINUTE_MS;
    await alertSettings.silence(caller, target, untilMs);
    return ctx.json(
      { ...target, until: new Date(untilMs).toISOString() },
      { status: 201 },
    );
  },
  async DELETE(ctx) {
    const { caller, services: { alertSettings } } = ctx.state;
    const { searchParams } = ctx.url;
    const rule = alertIdSchema.safeParse(searchParams.get("rule"));
    if (!rule.success) throw invalidRequest("rule", "must name a rule");
    const scope = readOwner(searchParams.get("scope"));
    if (scope === null) throw invalidRequest("scope", "is needed");
    const series = searchParams.get("series");
    await alertSettings.silence(
      caller,
      { scope, rule: rule.data, series },
      null,
    );
    return new Response(null, { status: 204 });
  },
}));
