/** `/api/alerts/rules/:rule`: one rule; its `ETag` is the version of all rules of its scope. */
import type { Context } from "fresh";
import { notFound } from "@/lib/chat/refusals.ts";
import { alertIdSchema } from "@/lib/config/alerts.ts";
import { invalidRequest } from "@/lib/errors.ts";
import {
  ownerOfRule,
  readOwner,
  ruleBodySchema,
} from "@/lib/http/alert_query.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import type { AlertOwner } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

/** The rule as it is now, with the version to change it by. */
async function answer(
  ctx: Context<State>,
  owner: AlertOwner | null,
): Promise<Response> {
  const { caller, services: { alerts } } = ctx.state;
  const list = await alerts.rules(caller, ctx.req.signal);
  const whose = ownerOfRule(list, ctx.params.rule, owner);
  const rule = list.items.find(({ id, scope }) =>
    id === ctx.params.rule && scope === whose
  );
  if (rule === undefined) throw notFound("rule");
  return ctx.json(rule, { headers: { etag: etag(list.versions[whose] ?? 0) } });
}

export const handler = define.handlers(methods({
  GET: (ctx) => answer(ctx, readOwner(ctx.url.searchParams.get("scope"))),
  async PUT(ctx) {
    const { caller, services: { alerts, alertSettings } } = ctx.state;
    const id = alertIdSchema.safeParse(ctx.params.rule);
    if (!id.success) throw invalidRequest("id", id.error.issues[0].message);
    const { scope, ...rule } = await readJson(ctx.req, ruleBodySchema);
    const said = scope ?? readOwner(ctx.url.searchParams.get("scope"));
    const list = await alerts.rules(caller, ctx.req.signal, false);
    const owner = ownerOfRule(list, id.data, said);
    await alertSettings.saveRule(
      caller,
      owner,
      { ...rule, id: id.data },
      (version) => requireIfMatch(ctx.req, version),
    );
    return await answer(ctx, owner);
  },
  async DELETE(ctx) {
    const { caller, services: { alerts, alertSettings } } = ctx.state;
    const said = readOwner(ctx.url.searchParams.get("scope"));
    const list = await alerts.rules(caller, ctx.req.signal, false);
    await alertSettings.resetRule(
      caller,
      ownerOfRule(list, ctx.params.rule, said),
      ctx.params.rule,
      (version) => requireIfMatch(ctx.req, version),
    );
    return new Response(null, { status: 204 });
  },
}));
