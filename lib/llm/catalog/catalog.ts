/**
 * Where models come from: providers and routes of the settings, which are changed there, and those that
 * were added while the server runs. Each process holds all of them in memory, and takes a change of
 * another one within a second; answers that run do not notice.
 */
import type { ProviderSettings } from "@/lib/config.ts";
import type { RouteSettings } from "@/lib/config/routes.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import type { OutgoingAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Sealer } from "@/lib/secrets/secrets.ts";
import { refusesAddress } from "./base_url.ts";
import {
  type AddedProvider,
  type CatalogRecord,
  EMPTY_CATALOG,
} from "./catalog_record.ts";
import type { CatalogStore } from "./catalog_store.ts";

export interface CatalogParts {
  store: CatalogStore;
  models: ModelRegistry;
  /** Those of the environment and the config file. */
  configured: {
    providers: readonly ProviderSettings[];
    routes: readonly RouteSettings[];
  };
  /** Seals keys. */
  sealer: Sealer;
  /** What may be reached whatever the rules say. */
  allow: OutgoingAllowList;
  log: Pick<Logger, "warn">;
}

/** The purpose that keys of providers are sealed for. */
export const KEY_PURPOSE = "provider keys";

/** A key that is kept; `text` is null when this process cannot open it. */
interface OpenedKey {
  sealed: string;
  text: string | null;
}

export class Catalog {
  readonly #parts: CatalogParts;
  readonly #refuses: (address: string) => boolean;
  #record: CatalogRecord = EMPTY_CATALOG;
  /** By provider: opening a key takes time, and most changes are of something else. */
  readonly #keys = new Map<string, OpenedKey>();
  #holding: Promise<void> = Promise.resolve();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
    this.#refuses = refusesAddress(parts.allow);
  }

  /** Providers of the settings. */
  get configuredProviders(): readonly ProviderSettings[] {
    return this.#parts.configured.providers;
  }

  /** Routes of the settings. */
  get configuredRoutes(): readonly RouteSettings[] {
    return this.#parts.configured.routes;
  }

  /** What this process holds. */
  get record(): CatalogRecord {
    return this.#record;
  }

  /** Whether the provider is one of the settings. */
  isConfigured(provider: string): boolean {
    return this.configuredProviders.some(({ id }) => id === provider);
  }

  /** Whether the route is one of the settings. */
  isConfiguredRoute(route: string): boolean {
    return this.configuredRoutes.some(({ id }) => id === route);
  }

  /** The key of an added provider, as far as this process can open it. */
  keyOf({ id, sealedKey }: AddedProvider): {
    state: "none" | "kept" | "unreadable";
    text: string | null;
  } {
    if (sealedKey === null) return { state: "none", text: null };
    const text = this.#keys.get(id)?.text ?? null;
    return { state: text === null ? "unreadable" : "kept", text };
  }

  /**
   * Reads the catalog and takes it over.
   * @throws {StorageError} when the store does not answer; what was known before holds on
   */
  refresh(): Promise<void> {
    return this.#inTurn(async () => this.#take(await this.#parts.store.read()));
  }

  /** Takes over what this process has changed. */
  hold(record: CatalogRecord): Promise<void> {
    return this.#inTurn(() => this.#take(record));
  }

  /** One after the other: what was read last is what holds. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#holding.then(work);
    this.#holding = done.catch(() => {});
    return done;
  }

  async #take(record: CatalogRecord): Promise<void> {
    for (const provider of record.providers) await this.#open(provider);
    for (const id of [...this.#keys.keys()]) {
      if (!record.providers.some((each) => each.id === id)) {
        this.#keys.delete(id);
      }
    }
    this.#record = record;
    this.#parts.models.hold(this.#liveProviders(), this.#liveRoutes());
  }

  #liveProviders() {
    const { providers, providerStates } = this.#record;
    const states = new Map(providerStates.map(({ id, state }) => [id, state]));
    const configured = this.configuredProviders.map((settings) => ({
      settings,
      state: states.get(settings.id) ?? "active" as const,
    }));
    const added = providers
      .filter(({ id }) => !this.isConfigured(id))
      .map((provider) => {
        const { id, baseUrl, models, maxConnections } = provider;
        const key = this.keyOf(provider);
        return {
          settings: { id, baseUrl, apiKey: key.text, models, maxConnections },
          // Without its key it would refuse whatever it is asked.
          state: key.state === "unreadable" ? "disabled" : provider.state,
          refusesAddress: this.#refuses,
        };
      });
    return [...configured, ...added];
  }

  #liveRoutes() {
    const { routes, routeStates } = this.#record;
    const off = new Set(
      routeStates.filter(({ isDisabled }) => isDisabled).map(({ id }) => id),
    );
    return [
      ...this.configuredRoutes.map((settings) => ({
        settings,
        isDisabled: off.has(settings.id),
      })),
      ...routes.filter(({ settings }) => !this.isConfiguredRoute(settings.id)),
    ];
  }

  async #open({ id, sealedKey }: AddedProvider): Promise<void> {
    if (sealedKey === null) {
      this.#keys.delete(id);
      return;
    }
    const there = this.#keys.get(id);
    if (there?.sealed === sealedKey && there.text !== null) return;
    let text: string | null = null;
    try {
      text = await this.#parts.sealer.open(sealedKey);
    } catch (error) {
      this.#parts.log.warn("Key of a provider cannot be opened", {
        provider: id,
        error,
      });
    }
    this.#keys.set(id, { sealed: sealedKey, text });
  }
}
