/** The providers: added, changed, switched off and removed while the server runs. */
import type { AuditCaller } from "@/lib/audit/audit_event.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import type { OutgoingAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Sealer } from "@/lib/secrets/secrets.ts";
import type { ProviderState } from "@/lib/shared/wire.ts";
import { checkBaseUrl } from "./base_url.ts";
import type { Catalog } from "./catalog.ts";
import {
  type AddedProvider,
  type CatalogRecord,
  withEntry,
} from "./catalog_record.ts";
import type { CatalogStore } from "./catalog_store.ts";
import type { NewProvider, ProviderPatch } from "./provider_input.ts";
import {
  inUseBy,
  keyNeeded,
  noProvider,
  providerExists,
  providerReadOnly,
} from "./refusals.ts";

/** A provider, wherever it comes from; its key is never in it. */
export interface KnownProvider {
  id: string;
  baseUrl: string;
  key: "none" | "kept" | "unreadable";
  keyEnd: string | null;
  models: string[] | "discover";
  maxConnections: number;
  source: "settings" | "page";
  state: ProviderState;
  /** 0: one of the settings that was never switched off. */
  version: number;
  createdAtMs: number | null;
  updatedAtMs: number | null;
}

export interface ProviderCatalogParts {
  catalog: Catalog;
  store: CatalogStore;
  models: ModelRegistry;
  sealer: Sealer;
  allow: OutgoingAllowList;
}

/** Throws when the version that is there must not be changed. */
export type AcceptVersion = (version: number) => void;

/** Shorter keys would be half told by their ends. */
const SHOWN_KEY_CHARACTERS = 16;
const KEY_END_CHARACTERS = 4;

export class ProviderCatalog {
  readonly #parts: ProviderCatalogParts;

  constructor(parts: ProviderCatalogParts) {
    this.#parts = parts;
  }

  /** All providers: those of the settings, then those that were added, from the store. */
  async list(): Promise<KnownProvider[]> {
    await this.#parts.catalog.refresh();
    return this.#all(this.#parts.catalog.record);
  }

  /** @throws {AppError} 404 `not_found` */
  async get(id: string): Promise<KnownProvider> {
    const found = (await this.list()).find((each) => each.id === id);
    if (found === undefined) throw noProvider();
    return found;
  }

  /**
   * Adds a provider; it is asked from this moment on.
   * @throws {AppError} 400 `address_refused`, 409 `provider_exists`, 500 `secret_missing` where there is
   *   nothing to seal its key with, and what `CatalogStore.change` throws
   */
  async create(
    caller: AuditCaller,
    { id, apiKey, ...input }: NewProvider,
  ): Promise<KnownProvider> {
    const { catalog } = this.#parts;
    const baseUrl = checkBaseUrl(input.baseUrl, this.#parts.allow);
    const key = await this.#seal(apiKey);
    return await this.#change(caller, (record, nowMs) => {
      const isThere = catalog.isConfigured(id) ||
        record.providers.some((each) => each.id === id);
      if (isThere) throw providerExists(id);
      const added: AddedProvider = {
        ...input,
        ...key,
        id,
        baseUrl,
        state: "active",
        version: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      return { id, change: "added", before: null, after: added };
    });
  }

  /**
   * Changes what the patch names. One of the settings can only be switched off and on.
   * @throws {AppError} 404 `not_found`, 409 `provider_read_only`, 400 `address_refused`, 400
   *   `provider_key_needed` for another server without a key for it, what `accept` throws, and what
   *   `create` does
   */
  async update(
    caller: AuditCaller,
    id: string,
    patch: ProviderPatch,
    accept: AcceptVersion,
  ): Promise<KnownProvider> {
    const { catalog, allow } = this.#parts;
    if (catalog.isConfigured(id)) {
      return await this.#switch(caller, id, patch, accept);
    }
    const { apiKey, ...rest } = patch;
    const baseUrl = rest.baseUrl === undefined
      ? undefined
      : checkBaseUrl(rest.baseUrl, allow);
    const key = apiKey === undefined ? {} : await this.#seal(apiKey);
    return await this.#change(caller, (record, nowMs) => {
      const there = record.providers.find((each) => each.id === id);
      if (there === undefined) throw noProvider();
      accept(there.version);
      // Else whoever may change the address could have the key sent to a server of their own.
      const leavesWithKey = there.sealedKey !== null && apiKey === undefined &&
        baseUrl !== undefined && originOf(baseUrl) !== originOf(there.baseUrl);
      if (leavesWithKey) throw keyNeeded();
      const after: AddedProvider = {
        ...there,
        ...rest,
        ...key,
        baseUrl: baseUrl ?? there.baseUrl,
        version: there.version + 1,
        updatedAtMs: nowMs,
      };
      const change = after.state !== there.state
        ? after.state
        : apiKey !== undefined
        ? "key changed"
        : "changed";
      return { id, change, before: there, after };
    });
  }

  /**
   * Removes a provider that was added. Answers that it gives end normally.
   * @param force also when it is in use
   * @throws {AppError} 404 `not_found`, 409 `provider_read_only`, 409 `provider_in_use` with `routes` and
   *   `running`, what `accept` throws
   */
  async remove(
    caller: AuditCaller,
    id: string,
    accept: AcceptVersion,
    force: boolean,
  ): Promise<void> {
    const { catalog, store, models } = this.#parts;
    if (catalog.isConfigured(id)) throw providerReadOnly();
    const { record } = await store.change(caller, (record) => {
      const there = record.providers.find((each) => each.id === id);
      if (there === undefined) throw noProvider();
      accept(there.version);
      const routes = routesTo(catalog, record, id);
      const { inUse = 0, waiting = 0 } = models.connectionsOf(id) ?? {};
      const running = inUse + waiting;
      if (!force && (routes.length > 0 || running > 0)) {
        throw inUseBy(routes, running);
      }
      return {
        next: {
          ...record,
          providers: record.providers.filter((each) => each.id !== id),
        },
        value: null,
        subject: `provider:${id}`,
        change: "removed",
        before: toFact(there),
        after: null,
      };
    });
    await catalog.hold(record);
  }

  async #switch(
    caller: AuditCaller,
    id: string,
    { state, ...rest }: ProviderPatch,
    accept: AcceptVersion,
  ): Promise<KnownProvider> {
    const { catalog, store } = this.#parts;
    if (Object.keys(rest).length > 0 || state === undefined) {
      throw providerReadOnly();
    }
    const { record } = await store.change(caller, (record, nowMs) => {
      const there = record.providerStates.find((each) => each.id === id);
      const version = there?.version ?? 0;
      accept(version);
      const row = { id, state, version: version + 1, updatedAtMs: nowMs };
      return {
        next: {
          ...record,
          providerStates: withEntry(
            record.providerStates,
            row,
            (each) => each.id,
          ),
        },
        value: null,
        subject: `provider:${id}`,
        change: state,
        before: { state: there?.state ?? "active" },
        after: { state },
      };
    });
    await catalog.hold(record);
    return this.#all(record).find((each) => each.id === id)!;
  }

  async #change(
    caller: AuditCaller,
    edit: (record: CatalogRecord, nowMs: number) => {
      id: string;
      change: string;
      before: AddedProvider | null;
      after: AddedProvider;
    },
  ): Promise<KnownProvider> {
    const { catalog, store } = this.#parts;
    const { record, value } = await store.change(caller, (record, nowMs) => {
      const { id, change, before, after } = edit(record, nowMs);
      const providers = withEntry(record.providers, after, (each) => each.id);
      return {
        next: { ...record, providers },
        value: id,
        subject: `provider:${id}`,
        change,
        before: before === null ? null : toFact(before),
        after: toFact(after),
      };
    });
    await catalog.hold(record);
    return this.#all(record).find(({ id }) => id === value)!;
  }

  #all({ providers, providerStates }: CatalogRecord): KnownProvider[] {
    const { catalog } = this.#parts;
    const states = new Map(providerStates.map((each) => [each.id, each]));
    const configured = catalog.configuredProviders.map(
      ({ apiKey, ...settings }): KnownProvider => {
        const row = states.get(settings.id);
        return {
          ...settings,
          key: apiKey === null ? "none" : "kept",
          keyEnd: keyEndOf(apiKey),
          source: "settings",
          state: row?.state ?? "active",
          version: row?.version ?? 0,
          createdAtMs: null,
          updatedAtMs: row?.updatedAtMs ?? null,
        };
      },
    );
    const added = providers
      .filter(({ id }) => !catalog.isConfigured(id))
      .map(({ sealedKey, ...provider }): KnownProvider => ({
        ...provider,
        key: catalog.keyOf({ sealedKey, ...provider }).state,
        source: "page",
      }));
    return [...configured, ...added];
  }

  async #seal(
    key: string | null,
  ): Promise<Pick<AddedProvider, "sealedKey" | "keyEnd">> {
    return {
      sealedKey: key === null ? null : await this.#parts.sealer.seal(key),
      keyEnd: keyEndOf(key),
    };
  }
}

/** The routes that may ask a provider. */
export function routesTo(
  catalog: Catalog,
  { routes }: CatalogRecord,
  provider: string,
): string[] {
  return [...catalog.configuredRoutes, ...routes.map((each) => each.settings)]
    .filter(({ targets }) =>
      targets.some((target) => target.provider === provider)
    )
    .map(({ id }) => id);
}

function keyEndOf(key: string | null): string | null {
  return key === null || key.length < SHOWN_KEY_CHARACTERS
    ? null
    : key.slice(-KEY_END_CHARACTERS);
}

function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin;
}

/** What the audit log is told of a provider: not its key, not even sealed. */
function toFact(
  { baseUrl, models, maxConnections, state, ...more }: AddedProvider,
) {
  return {
    baseUrl,
    models,
    maxConnections,
    state,
    hasKey: more.sealedKey !== null,
  };
}
