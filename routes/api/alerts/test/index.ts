/** `/api/alerts/test`: tells of an alert that is none, to see whether it comes to where it should. */
import { testSchema } from "@/lib/http/alert_query.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { alertSettings } } = ctx.state;
    const { scope } = await readJson(ctx.req, testSchema, { optional: true });
    await alertSettings.test(caller, scope);
    return new Response(null, { status: 204 });
  },
}));
