/** The audit log as the API tells of it. */
import type { AuditCheck } from "@/lib/audit/audit_verify.ts";
import { type AuditList, placeText } from "@/lib/audit/audit_list.ts";
import type {
  AuditCheck as AuditCheckView,
  AuditEntry,
  Page,
} from "@/lib/shared/wire.ts";

export function auditPage({ items, next }: AuditList): Page<AuditEntry> {
  return {
    items: [...items],
    nextCursor: next === null ? null : placeText(next),
  };
}

export function auditCheckView(
  { at, from, seq, hash, fault }: AuditCheck,
): AuditCheckView {
  return {
    ok: fault === null,
    checkedAt: new Date(at).toISOString(),
    from,
    verifiedTo: seq,
    hash,
    fault,
  };
}
