/** What was set of alerts, in the store. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { AlertSettingsRecord } from "./alert_record.ts";

export class AlertSettingsStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /** What was set, by scope. */
  async all(
    signal: AbortSignal,
  ): Promise<Map<string, AlertSettingsRecord>> {
    const rows = list<AlertSettingsRecord>(
      this.#store,
      keys.allAlertSettings(),
      { signal },
    );
    const found = new Map<string, AlertSettingsRecord>();
    for await (const { key, value } of rows) found.set(String(key[2]), value);
    return found;
  }

  async get(
    scope: string,
    signal?: AbortSignal,
  ): Promise<
    { value: AlertSettingsRecord | null; versionstamp: string | null }
  > {
    return await get<AlertSettingsRecord>(
      this.#store,
      keys.alertSettingsKey(scope),
      { signal },
    );
  }

  /** Sets them. False: somebody else was faster. */
  async set(
    scope: string,
    versionstamp: string | null,
    record: AlertSettingsRecord,
    events: readonly { space: string; event: OutboxEvent }[],
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.alertSettingsKey(scope), versionstamp, record);
    for (const { space, event } of events) unit.event(space, event);
    return (await commit(this.#store, unit)).ok;
  }

  /** Settings of a workspace that is gone. */
  row(scope: string): Deno.KvKey {
    return keys.alertSettingsKey(scope);
  }
}
