/** `GET /api/audit/verify`: whether the audit log is as it was written, from its first entry to its last. */
import { auditCheckView } from "@/lib/http/audit_view.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const check = await services.auditLog.verify(
      caller.workspace,
      ctx.req.signal,
    );
    return ctx.json(auditCheckView(check), {
      headers: { "cache-control": "no-store" },
    });
  },
}));
