/** `POST /api/cache/purge`: removes kept answers, of one key, of a model, before a time, or all. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { readJson } from "@/lib/http/body.ts";
import { purgeSchema, toPurge } from "@/lib/http/cache_input.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const purge = toPurge(await readJson(ctx.req, purgeSchema));
    const { caller, services: { answers, auditLog } } = ctx.state;
    const event = auditEvent("data.deleted", {
      ...by(caller),
      subject: "cache",
      details: { kind: "kept answers" },
    });
    await auditLog.record(caller.workspace, event, ctx.req.signal);
    const removed = await answers.cache.purge(
      caller.workspace,
      purge,
      ctx.req.signal,
    );
    return ctx.json({ removed });
  },
}));
