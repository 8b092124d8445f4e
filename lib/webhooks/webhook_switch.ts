/** Switches webhooks off whose receivers want nothing any more, or are not there. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { hostOf } from "./webhook_host.ts";
import type { WebhookRecord } from "./webhook_record.ts";
import type { WebhookStore } from "./webhook_store.ts";

const ATTEMPTS = 5;

export class WebhookSwitch {
  readonly #store: WebhookStore;

  constructor(store: WebhookStore) {
    this.#store = store;
  }

  /** Does nothing to one that was changed since it was read, or is off already. */
  async off(
    { space, id, url }: WebhookRecord,
    reason: "gone" | "failing",
  ): Promise<void> {
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      const loaded = await this.#store.load(space, id);
      // Somebody has entered another address meanwhile: that one has done nothing wrong.
      if (loaded?.record.off !== null || loaded.record.url !== url) return;
      const host = hostOf(url);
      const at = this.#store.now();
      const isDone = await this.#store.replace(loaded, {
        ...loaded.record,
        off: reason,
        updatedAt: new Date(at).toISOString(),
        version: loaded.record.version + 1,
      }, [
        {
          space,
          event: {
            type: "webhook.disabled",
            at,
            subject: id,
            data: { webhookId: id, host, reason },
          },
        },
        {
          space: workspaceOf(space),
          event: auditEvent("webhook.changed", {
            actor: null,
            subject: id,
            details: { host, change: "switched off", reason },
            at,
          }),
        },
      ]);
      if (isDone) return;
    }
  }
}
