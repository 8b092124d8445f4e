/** Ends all keys of somebody who is gone. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { ApiKeyStore } from "./api_key_store.ts";

const KEYS_PER_READ = 50;

/**
 * Revokes each key of a user in a workspace; what is under way by one of them ends.
 * @param reason as the audit log tells it
 */
export async function endKeysOf(
  store: ApiKeyStore,
  changes: AccessChanges,
  workspace: string,
  user: string,
  reason: string,
): Promise<void> {
  for (;;) {
    const found = await store.list(workspace, user, null, KEYS_PER_READ);
    if (found.length === 0) return;
    for (const { id, name } of found) {
      await retryOnConflict(async () => {
        const loaded = await store.load(workspace, id);
        if (loaded === null) return null;
        const event = auditEvent("key.revoked", {
          actor: null,
          subject: id,
          details: { name, user, reason },
        });
        const ok = await store.revoke(loaded, reason, event);
        return ok ? null : "conflict";
      });
      changes.tell({ user, workspace, key: id });
    }
  }
}
