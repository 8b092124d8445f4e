/** What the audit log records: the closed set of its types, and what each of them carries. */

/** A fact of an audit event. Long texts are cut, and what looks like a key is masked. */
export type AuditValue = string | number | boolean | null | readonly string[];

/**
 * The types with the names of their facts; who, when, from where and the subject are in every event. A
 * fact that is not listed here is dropped, so that an object with more in it than its writer thought of
 * (a hash, a token, a text of a person) does not get into the log.
 */
export const AUDIT_FACTS = {
  /** Subject: the user. `method`: password, oidc, setup, invitation. */
  "user.signed_in": ["method", "session", "userAgent"],
  /** Subject: the user's id, or what was typed where no user has it. `reason`: why it failed. */
  "user.sign_in_failed": ["method", "reason", "userAgent"],
  /** Subject: the user. */
  "user.signed_out": ["session"],
  /** Subject: the session, or the user where all of theirs ended. */
  "session.revoked": ["user", "reason", "count"],
  /** Subject: the user. `by`: how the account was made (invitation, admin, setup, oidc, environment). */
  "user.created": ["email", "name", "role", "by"],
  /** Subject: the invitation. */
  "user.invited": ["email", "role", "expiresAt"],
  /** Subject: the user. */
  "user.updated": ["fields", "isDisabled"],
  /** Subject: the user. */
  "user.removed": ["email", "role"],
  /** Subject: the user. `by`: themselves, reset, admin. */
  "password.changed": ["by"],
  /** Subject: the user. */
  "role.changed": ["email", "before", "after", "by"],
  /** Subject: the group. `change`: created, renamed, deleted, member added, member removed. */
  "group.changed": ["name", "change", "user", "before", "after"],
  /** Subject: the key. Never the key itself. */
  "key.created": [
    "name",
    "user",
    "scopes",
    "models",
    "expiresAt",
    "isReadOnly",
  ],
  /** Subject: the key. `fields`: what was changed. */
  "key.changed": [
    "name",
    "user",
    "fields",
    "scopes",
    "models",
    "expiresAt",
    "isReadOnly",
  ],
  /** Subject: the key. */
  "key.revoked": ["name", "user", "reason"],
  /** Subject: what is limited. `before` and `after` are JSON. */
  "limit.changed": ["change", "before", "after"],
  /** Subject: whose budget it is. `before` and `after` are JSON. */
  "budget.changed": ["change", "period", "before", "after"],
  /** Subject: the model. `before` and `after` are JSON. */
  "price.changed": ["change", "from", "before", "after"],
  /** Subject: the webhook. `scope`: whose events it is told. Of its address only the host. */
  "webhook.created": ["host", "scope", "events"],
  /** Subject: the webhook. `change`: changed, switched off, new secret, replayed. */
  "webhook.changed": ["host", "scope", "events", "change", "fields", "reason"],
  /** Subject: the webhook. */
  "webhook.deleted": ["host", "scope"],
  /** Subject: what was exported, such as `audit` or `usage`. */
  "data.exported": ["format", "from", "to", "filter", "count"],
  /** Subject: what was deleted. */
  "data.deleted": ["kind", "count", "owner"],
  /** Someone read what belongs to another. Subject: what was read. */
  "data.read": ["kind", "owner", "fields"],
  /** Subject: the workspace. */
  "workspace.created": ["name"],
  /** Subject: the workspace. */
  "workspace.changed": ["change", "before", "after"],
  /** Subject: the setting. `before` and `after` are JSON without secrets. */
  "settings.changed": ["change", "before", "after"],
  /** The log itself: events between two places of the store may be missing from it. */
  "audit.gap": ["from", "to"],
} as const satisfies Record<string, readonly string[]>;

export type AuditType = keyof typeof AUDIT_FACTS;

/** The facts that an event of a type may carry. */
export type AuditDetails<T extends AuditType = AuditType> = {
  readonly [Fact in typeof AUDIT_FACTS[T][number]]?: AuditValue;
};

/** All types, in the order of the list above. */
export const AUDIT_TYPES = Object.keys(AUDIT_FACTS) as readonly AuditType[];

/** Whether a text names a type of the audit log. */
export function isAuditType(text: string): text is AuditType {
  return Object.hasOwn(AUDIT_FACTS, text);
}
