/** Ends all keys of somebody who is gone. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { ApiKeyStore } from "./api_key_store.ts";

const KEYS_PER_READ = 50;

/** Revokes each key of a user in a workspace; what is under way by one of them ends. */
export async function endKeysOf(
  store: ApiKeyStore,
  changes: AccessChanges,
  workspace: string,
  user: string,
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
          details: { name, user, reason: "account deleted" },
        });
        const ok = await store.revoke(loaded, "account deleted", event);
        return ok ? null : "conflict";
      });
      changes.tell({ user, workspace, key: id });
    }
  }
}
