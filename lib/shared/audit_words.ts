/** What the audit log's types and facts are called for people. */

/** By type; a type that is not here is shown as it is. */
export const AUDIT_WORDS: Readonly<Record<string, string>> = {
  "user.signed_in": "Signed in",
  "user.sign_in_failed": "Sign-in failed",
  "user.signed_out": "Signed out",
  "session.revoked": "Session ended",
  "user.created": "Person added",
  "user.invited": "Person invited",
  "user.updated": "Person changed",
  "user.removed": "Person removed",
  "password.changed": "Password changed",
  "role.changed": "Role changed",
  "group.changed": "Group changed",
  "key.created": "Key created",
  "key.changed": "Key changed",
  "key.revoked": "Key revoked",
  "limit.changed": "Limit changed",
  "budget.changed": "Budget changed",
  "price.changed": "Price changed",
  "webhook.created": "Webhook created",
  "webhook.changed": "Webhook changed",
  "webhook.deleted": "Webhook deleted",
  "data.exported": "Data exported",
  "data.deleted": "Data deleted",
  "data.read": "Data of another read",
  "workspace.created": "Workspace created",
  "workspace.changed": "Workspace changed",
  "settings.changed": "Setting changed",
  "audit.gap": "Events may be missing",
};

/** A type in words. */
export function auditWords(type: string): string {
  return AUDIT_WORDS[type] ?? type;
}

/** A fact's name in words: `expiresAt` is `Expires at`. */
export function factWords(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** A fact's value in words. */
export function factValue(
  value: string | number | boolean | null | readonly string[],
): string {
  if (value === null) return "not set";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") {
    return value.length === 0 ? "none" : value.join(", ");
  }
  return String(value);
}
