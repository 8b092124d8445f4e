/** Reads and writes of API keys. A key is there twice, under its id and under its hash, in one atomic. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ApiKeyRecord } from "./api_key_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedApiKey {
  record: ApiKeyRecord;
  versionstamp: string;
}

/** What the setting `FRESHET_API_KEY` has made. */
export interface SettingKey {
  hash: string;
  /** `key_` id. */
  key: string;
  versionstamp: string;
}

interface HashRow {
  v: 1;
  record: ApiKeyRecord;
}

interface UseRow {
  v: 1;
  /** Milliseconds since 1970 UTC. */
  at: number;
}

interface SettingRow {
  v: 1;
  hash: string;
  key: string;
}

/** How often a use is written down at most, in milliseconds. */
const USE_EVERY_MS = 60_000;

export class ApiKeyStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The key of a hash, in one read. */
  async findByHash(hash: string): Promise<ApiKeyRecord | null> {
    const row = await get<HashRow>(this.#store, keys.apiKeyHashKey(hash));
    return row.value?.record ?? null;
  }

  async load(workspace: string, id: string): Promise<LoadedApiKey | null> {
    const { value, versionstamp } = await get<ApiKeyRecord>(
      this.#store,
      keys.apiKeyKey(workspace, id),
    );
    return value === null ? null : { record: value, versionstamp };
  }

  /** Those of the keys that are there, by id. */
  async loadMany(
    named: readonly { workspace: string; id: string }[],
  ): Promise<Map<string, ApiKeyRecord>> {
    const entries = await getMany(
      this.#store,
      named.map(({ workspace, id }) => keys.apiKeyKey(workspace, id)),
    ) as Deno.KvEntryMaybe<ApiKeyRecord>[];
    return new Map(
      entries.flatMap(({ value }) => value === null ? [] : [[value.id, value]]),
    );
  }

  /**
   * Keys of a workspace, newest first.
   * @param user whose, or null: of all
   */
  async list(
    workspace: string,
    user: string | null,
    before: string | null,
    limit: number,
  ): Promise<ApiKeyRecord[]> {
    const options = { reverse: true, limit };
    if (user === null) {
      const rows = list<ApiKeyRecord>(
        this.#store,
        keys.apiKeys(workspace, before),
        options,
      );
      return (await Array.fromAsync(rows)).map(({ value }) => value);
    }
    const range = keys.userApiKeys(workspace, user, before);
    const rows = await Array.fromAsync(list(this.#store, range, options));
    const ids = rows.map(({ key }) => keys.parseUserApiKeyKey(key));
    const found = await this.loadMany(ids.map((id) => ({ workspace, id })));
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** When each of the keys was used last, in milliseconds since 1970 UTC; those never used are not there. */
  async lastUses(
    workspace: string,
    ids: readonly string[],
  ): Promise<Map<string, number>> {
    const entries = await getMany(
      this.#store,
      ids.map((id) => keys.apiKeyUseKey(workspace, id)),
    ) as Deno.KvEntryMaybe<UseRow>[];
    return new Map(
      entries.flatMap(({ value }, index) =>
        value === null ? [] : [[ids[index], value.at]]
      ),
    );
  }

  /** Writes down that a key was used, unless that was done less than a minute ago. */
  async writeUse(workspace: string, id: string, atMs: number): Promise<void> {
    const key = keys.apiKeyUseKey(workspace, id);
    const { value, versionstamp } = await get<UseRow>(this.#store, key);
    if (value !== null && atMs - value.at < USE_EVERY_MS) return;
    // Another process that was faster has said the same.
    await commit(
      this.#store,
      new UnitOfWork().guard(key, versionstamp, { v: 1, at: atMs }),
    );
  }

  async create(record: ApiKeyRecord, event: OutboxEvent): Promise<boolean> {
    return (await commit(this.#store, creation(record, event))).ok;
  }

  /**
   * Makes the key that the setting names.
   * @param setting what it had made before
   * @param ends that key, where it is still there, which goes in the same atomic
   */
  async createFromSetting(
    record: ApiKeyRecord,
    event: OutboxEvent,
    setting: SettingKey | null,
    ends: { loaded: LoadedApiKey; event: OutboxEvent } | null,
  ): Promise<boolean> {
    const key = keys.apiKeySettingKey();
    const row: SettingRow = { v: 1, hash: record.hash, key: record.id };
    const unit = creation(record, event)
      .check(key, setting?.versionstamp ?? null)
      .set(key, row);
    if (ends !== null) {
      unit.add(this.#revocation(ends.loaded, "setting", ends.event));
    }
    return (await commit(this.#store, unit)).ok;
  }

  async replace(
    { versionstamp }: LoadedApiKey,
    record: ApiKeyRecord,
    event: OutboxEvent,
  ): Promise<boolean> {
    const { workspace, id, hash } = record;
    const unit = new UnitOfWork()
      .guard(keys.apiKeyKey(workspace, id), versionstamp, record)
      .set(keys.apiKeyHashKey(hash), { v: 1, record })
      .event(workspace, event);
    return (await commit(this.#store, unit)).ok;
  }

  /** From then on the key is known no more; its record stays for whoever asks what it was. */
  async revoke(
    loaded: LoadedApiKey,
    reason: string,
    event: OutboxEvent,
  ): Promise<boolean> {
    const unit = this.#revocation(loaded, reason, event);
    return (await commit(this.#store, unit)).ok;
  }

  async loadSetting(): Promise<SettingKey | null> {
    const { value, versionstamp } = await get<SettingRow>(
      this.#store,
      keys.apiKeySettingKey(),
    );
    return value === null ? null : { ...value, versionstamp };
  }

  #revocation(
    { record, versionstamp }: LoadedApiKey,
    reason: string,
    event: OutboxEvent,
  ): UnitOfWork {
    const { workspace, id, user, hash } = record;
    const at = this.#store.clock.now();
    const revoked = { v: 1, record, reason, at };
    return new UnitOfWork()
      .check(keys.apiKeyKey(workspace, id), versionstamp)
      .delete(keys.apiKeyKey(workspace, id))
      .delete(keys.apiKeyHashKey(hash))
      .delete(keys.userApiKeyKey(workspace, user, id))
      .delete(keys.apiKeyUseKey(workspace, id))
      .guard(keys.revokedApiKeyKey(workspace, id), null, revoked)
      .event(workspace, event);
  }
}

function creation(record: ApiKeyRecord, event: OutboxEvent): UnitOfWork {
  const { workspace, id, user, hash } = record;
  return new UnitOfWork()
    .guard(keys.apiKeyKey(workspace, id), null, record)
    .check(keys.apiKeyHashKey(hash), null)
    .set(keys.apiKeyHashKey(hash), { v: 1, record })
    .set(keys.userApiKeyKey(workspace, user, id), { v: 1 })
    .event(workspace, event);
}
