/** `GET /api/providers/local`: model servers found on this machine; `POST {id}` uses one. */
import * as z from "zod";
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const useSchema = z.strictObject({ id: z.enum(["ollama", "lm-studio"]) });

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { localProviders } = ctx.state.services;
    const items = await localProviders.offers(ctx.req.signal);
    return ctx.json({ items, nextCursor: null });
  },
  async POST(ctx) {
    const { caller, services: { localProviders, auditLog } } = ctx.state;
    const { id } = await readJson(ctx.req, useSchema);
    const event = auditEvent("settings.changed", {
      ...by(caller),
      subject: `provider:${id}`,
      details: { change: "used" },
    });
    // It concerns the whole server, which the admins of the first workspace run.
    await auditLog.record(FIRST_WORKSPACE, event, ctx.req.signal);
    return ctx.json(await localProviders.use(id, ctx.req.signal));
  },
}));
