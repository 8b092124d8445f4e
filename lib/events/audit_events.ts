/** Events of the audit log, for the catalogue. */
import { AUDIT_FACTS, type AuditType } from "@/lib/audit/audit_types.ts";
import type { EventFacts } from "./event_facts.ts";

/** When each event of the audit log is told. */
const AUDIT_WHEN: Readonly<Record<AuditType, string>> = {
  "user.signed_in": "Somebody has signed in",
  "user.sign_in_failed": "Somebody could not sign in",
  "user.signed_out": "Somebody has signed out",
  "session.revoked": "A session was ended by somebody",
  "user.created": "An account was made",
  "user.invited": "Somebody was invited",
  "user.updated": "An account was changed",
  "user.removed": "Somebody was removed",
  "password.changed": "A password was changed",
  "role.changed": "Somebody has another role",
  "group.changed": "A group was made, changed or deleted",
  "key.created": "An API key was made",
  "key.changed": "An API key was changed",
  "key.revoked": "An API key was revoked",
  "limit.changed": "A limit was set, changed or removed",
  "budget.changed": "A budget was set, changed or removed",
  "price.changed": "A price was set, changed or removed",
  "webhook.created": "A webhook was made",
  "webhook.changed": "A webhook was changed",
  "webhook.deleted": "A webhook was deleted",
  "data.exported": "Data was exported",
  "data.deleted": "Data was deleted",
  "data.read": "Somebody has read what belongs to another",
  "workspace.created": "A workspace was made",
  "workspace.changed": "A workspace was changed",
  "settings.changed": "A setting was changed",
  "audit.gap": "Entries may be missing from the audit log",
};

function auditFacts(type: AuditType): EventFacts {
  return {
    when: AUDIT_WHEN[type],
    subject: "what the entry of the audit log is about",
    data: {
      actor: "`{user, key}`: who did it; null: nobody who is signed in",
      address: "Address of the client, or null",
      details: `What the entry says: ${
        AUDIT_FACTS[type].map((fact) => `\`${fact}\``).join(", ")
      }`,
    },
  };
}

/** The events that the audit log keeps, by type. */
export const AUDIT_EVENTS: Readonly<Record<string, EventFacts>> = Object
  .fromEntries(
    (Object.keys(AUDIT_WHEN) as AuditType[])
      .map((type) => [type, auditFacts(type)]),
  );
