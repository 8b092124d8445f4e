/**
 * `GET /api/requests/:id`: one request that asked a model; its id is what `x-request-id` said. Where it
 * holds what another asked and was answered, that it was read is recorded in the audit log first.
 */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { AppError } from "@/lib/errors.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { requestLog, auditLog } } = ctx.state;
    const { workspace } = caller;
    const { signal } = ctx.req;
    const id = ctx.params.request;
    const record = await requestLog.get(workspace, id, signal);
    if (record === null) {
      throw new AppError({
        status: 404,
        code: "not_found",
        message:
          "There is no record of this request. Only requests that ask a model have one, a moment after they have ended.",
      });
    }
    if (record.bodies !== null && record.user !== caller.user) {
      const event = auditEvent("data.read", {
        ...by(caller),
        subject: id,
        details: { kind: "request", owner: record.user, fields: ["bodies"] },
      });
      await auditLog.record(workspace, event, signal);
    }
    return ctx.json(record, { headers: { "cache-control": "no-store" } });
  },
}));
