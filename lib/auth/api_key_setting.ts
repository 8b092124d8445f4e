/** The key that the setting `FRESHET_API_KEY` names: the first owner's, for everything. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { Clock } from "@/lib/clock.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import { KEY_SCOPES } from "@/lib/shared/key_scopes.ts";
import type { ApiKeyRecord } from "./api_key_record.ts";
import type { ApiKeyStore } from "./api_key_store.ts";
import { hashApiKeyToken, lastCharacters } from "./api_key_token.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";

/**
 * Makes the key where it is not there yet; one that the setting named before ends with it. A key that
 * was revoked by hand stays so until the setting names another.
 */
export async function ensureSettingKey(
  store: ApiKeyStore,
  token: string,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<void> {
  const hash = hashApiKeyToken(token);
  await retryOnConflict(async () => {
    const setting = await store.loadSetting();
    const before = setting === null
      ? null
      : await store.load(FIRST_WORKSPACE, setting.key);
    if (setting?.hash === hash) {
      if (before === null) {
        log.warn(
          "The key that FRESHET_API_KEY names was revoked and does not work; set another one",
        );
      }
      return null;
    }
    if (await store.findByHash(hash) !== null) return null;
    const record = settingRecord(token, hash, clock.now());
    const { id: subject, name, user, scopes } = record;
    const event = auditEvent("key.created", {
      actor: null,
      subject,
      details: { name, user, scopes },
    });
    const ends = before === null ? null : {
      loaded: before,
      event: auditEvent("key.revoked", {
        actor: null,
        subject: before.record.id,
        details: { name, user, reason: "setting" },
      }),
    };
    const ok = await store.createFromSetting(record, event, setting, ends);
    return ok ? null : "conflict";
  });
}

function settingRecord(
  token: string,
  hash: string,
  nowMs: number,
): ApiKeyRecord {
  const now = new Date(nowMs).toISOString();
  return {
    v: 1,
    id: newId("key"),
    workspace: FIRST_WORKSPACE,
    user: FIRST_USER,
    name: "FRESHET_API_KEY",
    hash,
    last: lastCharacters(token),
    scopes: [...KEY_SCOPES],
    models: null,
    endpoints: null,
    isReadOnly: false,
    expiresAt: null,
    limits: null,
    budget: null,
    isFromSetting: true,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}
