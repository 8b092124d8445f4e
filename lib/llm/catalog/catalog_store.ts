/** The one record of the catalog: read, and changed as a whole, so that no two changes miss each other. */
import { type AuditCaller, auditEvent, by } from "@/lib/audit/audit_event.ts";
import { AppError } from "@/lib/errors.ts";
import { catalogKey, providerKey, providers } from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import { ringSettingsBell } from "@/lib/kv/settings_bell.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { type CatalogRecord, EMPTY_CATALOG } from "./catalog_record.ts";

/** A model server of this machine as earlier versions have kept it: each in a row of its own. */
interface LocalProviderRow extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly baseUrl: string;
}

/** What a change makes of the catalog, and what the audit log is told of it. */
export interface CatalogChange<T> {
  next: CatalogRecord;
  value: T;
  /** Such as `provider:openai`. */
  subject: string;
  /** What happened to it, in a word or two. */
  change: string;
  /** Without secrets; null: it was not there, or is there no more. */
  before: unknown;
  after: unknown;
}

interface Found {
  record: CatalogRecord;
  versionstamp: string | null;
  /** Ids of rows of earlier versions, which go with the next change. */
  rows: string[];
}

/** Records of the store hold 64 KiB; the rest is room for its own fields. */
const MAX_BYTES = 60_000;
const ROW_MAX_CONNECTIONS = 200;

export class CatalogStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws {StorageError} when the store does not answer */
  async read(): Promise<CatalogRecord> {
    return (await this.#find()).record;
  }

  /**
   * Changes the catalog, tells all processes and the audit log of it.
   * @param edit makes the next catalog of the one that is there; it may be asked several times, and throws
   *   what the caller is to be told
   * @throws {AppError} 413 `catalog_full`, 409 `conflict` when others change it all the time
   * @throws {StorageError} when the store does not answer
   */
  async change<T>(
    caller: AuditCaller,
    edit: (record: CatalogRecord, nowMs: number) => CatalogChange<T>,
  ): Promise<{ record: CatalogRecord; value: T }> {
    const busy = "Somebody else changes providers at the moment. Try again.";
    return await saveContended(this.#store, busy, async () => {
      const { record, versionstamp, rows } = await this.#find();
      const made = edit(record, this.#store.clock.now());
      const { next, value, subject, change, before, after } = made;
      if (bytesOf(next) > MAX_BYTES) throw full();
      const unit = ringSettingsBell(
        new UnitOfWork().guard(catalogKey(), versionstamp, next),
      );
      for (const id of rows) unit.delete(providerKey(id));
      // It concerns the whole server, which the admins of the first workspace run.
      unit.event(
        FIRST_WORKSPACE,
        auditEvent("settings.changed", {
          ...by(caller),
          subject,
          details: { change, before: toFact(before), after: toFact(after) },
        }),
      );
      return { unit, saved: { record: next, value } };
    });
  }

  async #find(): Promise<Found> {
    const [{ value, versionstamp }, rows] = await Promise.all([
      get<CatalogRecord>(this.#store, catalogKey()),
      Array.fromAsync(list<LocalProviderRow>(this.#store, providers())),
    ]);
    const record = value ?? EMPTY_CATALOG;
    const known = new Set(record.providers.map(({ id }) => id));
    const earlier = rows.map(({ value }) => value)
      .filter(({ id }) => !known.has(id))
      .map(({ id, baseUrl }) => ({
        id,
        baseUrl,
        sealedKey: null,
        keyEnd: null,
        models: "discover" as const,
        maxConnections: ROW_MAX_CONNECTIONS,
        state: "active" as const,
        version: 1,
        createdAtMs: 0,
        updatedAtMs: 0,
      }));
    return {
      record: { ...record, providers: [...earlier, ...record.providers] },
      versionstamp,
      rows: rows.map(({ value }) => value.id),
    };
  }
}

function toFact(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

function full(): AppError {
  return new AppError({
    status: 413,
    code: "catalog_full",
    message: "These are more providers and routes than can be kept.",
  });
}

function bytesOf(record: unknown): number {
  return new TextEncoder().encode(JSON.stringify(record)).length;
}
