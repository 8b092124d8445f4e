/** `GET /api/audit/export?format=jsonl|csv&type&actor&from&to`: the audit log as a file, oldest first. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { AUDIT_MEDIA_TYPES } from "@/lib/audit/audit_export.ts";
import { auditFile } from "@/lib/http/audit_file.ts";
import { readAuditFilter, readAuditFormat } from "@/lib/http/audit_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const moment = (at: number | null | undefined) =>
  at === null || at === undefined ? null : new Date(at).toISOString();

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { auditLog }, caller } = ctx.state;
    const format = readAuditFormat(ctx.url);
    const filter = readAuditFilter(ctx.url);
    const { signal } = ctx.req;
    const { type, actor } = filter;
    const event = auditEvent("data.exported", {
      ...by(caller),
      subject: "audit",
      details: {
        format,
        from: moment(filter.from),
        to: moment(filter.to),
        filter: type || actor ? JSON.stringify({ type, actor }) : null,
      },
    });
    // Before the first byte: what is not recorded is not handed out.
    await auditLog.record(caller.workspace, event, signal);
    const day = new Date().toISOString().slice(0, 10);
    const entries = auditLog.entries(caller.workspace, filter, signal);
    return new Response(auditFile(format, entries), {
      headers: {
        "content-type": AUDIT_MEDIA_TYPES[format],
        "content-disposition": `attachment; filename="audit-${day}.${format}"`,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  },
}));
