/** `GET /api/audit?type&actor&from&to&cursor`: what was done in the workspace, newest first. */
import { readAuditFilter, readAuditPlace } from "@/lib/http/audit_query.ts";
import { auditPage } from "@/lib/http/audit_view.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const { limit, cursor } = readPageQuery(ctx.url);
    const list = await services.auditLog.list(
      caller.workspace,
      readAuditFilter(ctx.url),
      { before: readAuditPlace(cursor), limit },
      ctx.req.signal,
    );
    return ctx.json(auditPage(list), {
      headers: { "cache-control": "no-store" },
    });
  },
}));
