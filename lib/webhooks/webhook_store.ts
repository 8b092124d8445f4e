/** Rows of webhooks. The index row that chooses their events is written in the same atomic, always. */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { WebhookIndexRow, WebhookRecord } from "./webhook_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedWebhook {
  record: WebhookRecord;
  versionstamp: string;
}

/** A webhook among those of a workspace, and what chooses its events. */
export interface IndexedWebhook extends Omit<WebhookIndexRow, "v"> {
  id: string;
}

/** Events for a space, to be put into the atomic of a change. */
export interface ToldOf {
  space: string;
  event: OutboxEvent;
}

interface HealthRecord {
  readonly v: 1;
  readonly failingSince: number | null;
}

function indexRow({ space, events, off }: WebhookRecord): WebhookIndexRow {
  return { v: 1, space, events, isEnabled: off === null };
}

export class WebhookStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Milliseconds since 1970 UTC. */
  now(): number {
    return this.#store.clock.now();
  }

  /** All of a workspace, oldest first, whoever they belong to. */
  async index(
    workspace: string,
    signal?: AbortSignal,
  ): Promise<IndexedWebhook[]> {
    const rows = list<WebhookIndexRow>(
      this.#store,
      keys.webhookIndex(workspace),
      { signal },
    );
    return (await Array.fromAsync(rows)).map(({ key, value }) => {
      const { space, events, isEnabled } = value;
      const { webhook: id } = keys.parseWebhookIndexKey(key);
      return { id, space, events, isEnabled };
    });
  }

  /** The next webhooks of all workspaces behind one of them (null: the first). */
  async indexAfter(
    place: { workspace: string; webhook: string } | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ workspace: string; webhook: string; space: string }[]> {
    const rows = list<WebhookIndexRow>(
      this.#store,
      keys.webhookIndexAfter(place),
      { limit, signal },
    );
    return (await Array.fromAsync(rows)).map(({ key, value }) => ({
      ...keys.parseWebhookIndexKey(key),
      space: value.space,
    }));
  }

  async load(space: string, id: string): Promise<LoadedWebhook | null> {
    const key = keys.webhookKey(space, id);
    const { value, versionstamp } = await get<WebhookRecord>(this.#store, key);
    return value === null ? null : { record: value, versionstamp };
  }

  async loadMany(
    webhooks: readonly Pick<IndexedWebhook, "space" | "id">[],
    signal?: AbortSignal,
  ): Promise<WebhookRecord[]> {
    const entries = await getMany<WebhookRecord[]>(
      this.#store,
      webhooks.map(({ space, id }) => keys.webhookKey(space, id)),
      { signal },
    );
    return entries.flatMap(({ value }) => value === null ? [] : [value]);
  }

  async create(record: WebhookRecord, told: ToldOf): Promise<boolean> {
    const { space, id } = record;
    const unit = new UnitOfWork()
      .guard(keys.webhookKey(space, id), null, record)
      .set(keys.webhookIndexKey(workspaceOf(space), id), indexRow(record))
      .event(told.space, told.event);
    return (await commit(this.#store, unit)).ok;
  }

  /** False: it has changed meanwhile. */
  async replace(
    { versionstamp }: LoadedWebhook,
    record: WebhookRecord,
    told: readonly ToldOf[],
  ): Promise<boolean> {
    const { space, id } = record;
    const unit = new UnitOfWork()
      .guard(keys.webhookKey(space, id), versionstamp, record)
      .set(keys.webhookIndexKey(workspaceOf(space), id), indexRow(record));
    // Who switches one on begins anew.
    if (record.off === null) unit.delete(keys.webhookHealthKey(space, id));
    for (const { space, event } of told) unit.event(space, event);
    return (await commit(this.#store, unit)).ok;
  }

  /** Removes it; its deliveries go later. False: it has changed meanwhile. */
  async remove(
    { record, versionstamp }: LoadedWebhook,
    told: ToldOf,
  ): Promise<boolean> {
    const { space, id } = record;
    const key = keys.webhookKey(space, id);
    const gone: WebhookIndexRow = { ...indexRow(record), isEnabled: false };
    const unit = new UnitOfWork()
      // A unit needs a guard; what it writes is gone again within the same atomic.
      .guard(key, versionstamp, record).delete(key)
      .delete(keys.webhookHealthKey(space, id))
      .set(keys.webhookIndexKey(workspaceOf(space), id), gone)
      .event(told.space, told.event);
    return (await commit(this.#store, unit)).ok;
  }

  /** Tells the events of a webhook of a test; the check makes sure that it is there. */
  async tell({ record, versionstamp }: LoadedWebhook, event: OutboxEvent) {
    const key = keys.webhookKey(record.space, record.id);
    const unit = new UnitOfWork().guard(key, versionstamp, record)
      .event(record.space, event);
    return (await commit(this.#store, unit)).ok;
  }

  /**
   * Since when every attempt of each has failed, milliseconds since 1970 UTC; null: the last one has not.
   */
  async failingSince(
    webhooks: readonly Pick<WebhookRecord, "space" | "id">[],
  ): Promise<(number | null)[]> {
    const entries = await getMany<HealthRecord[]>(
      this.#store,
      webhooks.map(({ space, id }) => keys.webhookHealthKey(space, id)),
    );
    return entries.map(({ value }) => value?.failingSince ?? null);
  }

  /**
   * Notes how an attempt went, if it went otherwise than the one before.
   * @returns since when every attempt has failed
   */
  async noteHealth(
    space: string,
    id: string,
    isGood: boolean,
  ): Promise<number | null> {
    const key = keys.webhookHealthKey(space, id);
    const { value, versionstamp } = await get<HealthRecord>(this.#store, key);
    const before = value?.failingSince ?? null;
    if ((before === null) === isGood) return before;
    const failingSince = isGood ? null : this.now();
    const unit = new UnitOfWork()
      .guard(key, versionstamp, { v: 1, failingSince });
    // Whoever was faster has noted what they know.
    await commit(this.#store, unit);
    return failingSince;
  }
}
