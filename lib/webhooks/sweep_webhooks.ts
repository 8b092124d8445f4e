/** Removes what is kept of webhooks no longer. */
import type { DeliveryStore } from "./delivery_store.ts";
import type { WebhookStore } from "./webhook_store.ts";

/** Deliveries of a webhook that stay, and how long, in milliseconds. */
export const KEPT_DELIVERIES = 1_000;
export const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

const WEBHOOKS_PER_READ = 100;

/** Of each webhook the newest deliveries of the last 30 days stay; of one that is gone, none. */
export async function sweepWebhooks(
  webhooks: WebhookStore,
  deliveries: DeliveryStore,
  signal: AbortSignal,
): Promise<void> {
  const beforeMs = webhooks.now() - KEPT_MS;
  const swept = new Set<string>();
  let place: { workspace: string; webhook: string } | null = null;
  while (true) {
    const rows: Awaited<ReturnType<WebhookStore["indexAfter"]>> = await webhooks
      .indexAfter(place, WEBHOOKS_PER_READ, signal);
    for (const row of rows) {
      const isThere = await webhooks.load(row.space, row.webhook) !== null;
      if (!swept.has(row.space)) {
        swept.add(row.space);
        await deliveries.sweepMessages(row, beforeMs, signal);
      }
      const keep = isThere ? KEPT_DELIVERIES : 0;
      await deliveries.sweep(row, { keep, beforeMs }, signal);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < WEBHOOKS_PER_READ) return;
    place = last;
  }
}
