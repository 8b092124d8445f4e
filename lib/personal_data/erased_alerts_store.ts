/** What alerts of a workspace say of a person, by name: it goes when the person does. */
import type { EndedAlertRecord } from "@/lib/alerts/alert_record.ts";
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { ErasureBatch } from "./erasure_batch_store.ts";
import type { Erasure } from "./erasure_record.ts";

/**
 * Removes what was told of the user's budgets, by which an alert that fires ends, and the alerts of them
 * that are over. @throws {ErasureContended}
 */
export async function removeAlertsAbout(
  store: Store,
  erasure: Erasure,
  signal: AbortSignal,
): Promise<void> {
  const { workspace, user } = erasure;
  const subject = `user:${user}`;
  const batch = new ErasureBatch(store, erasure);
  const told = list(store, keys.toldSignals({ workspace, subject }), {
    signal,
  });
  for await (const { key } of told) await batch.remove(key, null);
  const ended = list<EndedAlertRecord>(
    store,
    keys.endedAlerts(workspace, null),
    { signal },
  );
  for await (const { key, value } of ended) {
    const { series } = value.facts;
    if (series.startsWith(`${subject} `)) await batch.remove(key, null);
  }
  await batch.flush();
}
