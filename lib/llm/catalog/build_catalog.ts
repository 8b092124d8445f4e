import type { ProviderSettings } from "@/lib/config.ts";
import type { RouteSettings } from "@/lib/config/routes.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Secrets } from "@/lib/secrets/secrets.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";
import { checkBaseUrl, refusesAddress } from "./base_url.ts";
import { Catalog, KEY_PURPOSE } from "./catalog.ts";
import { CatalogStore } from "./catalog_store.ts";
import { ProviderCatalog } from "./provider_catalog.ts";
import { type TrialTarget, tryProvider } from "./provider_trial.ts";
import { RouteCatalog } from "./route_catalog.ts";

export interface CatalogOptions {
  store: Store;
  models: ModelRegistry;
  config: {
    providers: readonly ProviderSettings[];
    routes: readonly RouteSettings[];
    outgoing: { allow: readonly string[] };
  };
  secrets: Secrets;
  log: Pick<Logger, "warn">;
}

/** What changes providers and routes while the server runs. */
export interface CatalogServices {
  /** What this process holds; it follows the store by `refresh`. */
  catalog: Catalog;
  providers: ProviderCatalog;
  routes: RouteCatalog;
  /**
   * Tries whether a provider can be asked, with the key of the kept one of that id unless another is given.
   * @throws {AppError} 400 `address_refused`
   */
  tryProvider(
    target:
      & Pick<TrialTarget, "id" | "baseUrl" | "models">
      & { apiKey: string | null },
    signal: AbortSignal,
  ): Promise<ProviderTest>;
  /**
   * Tries a provider that is there.
   * @throws {AppError} 404 `not_found`
   */
  tryKnown(id: string, signal: AbortSignal): Promise<ProviderTest>;
}

/** The catalog of a process, put together; `refresh` it before anything is asked. */
export function buildCatalog(
  { store, models, config, secrets, log }: CatalogOptions,
): CatalogServices {
  const catalogStore = new CatalogStore(store);
  const sealer = secrets.forPurpose(KEY_PURPOSE);
  const allow = readAllowList(config.outgoing.allow);
  const catalog = new Catalog({
    store: catalogStore,
    models,
    configured: config,
    sealer,
    allow,
    log,
  });
  const providers = new ProviderCatalog({
    catalog,
    store: catalogStore,
    models,
    sealer,
    allow,
  });
  const refuses = refusesAddress(allow);
  return {
    catalog,
    providers,
    routes: new RouteCatalog({ catalog, store: catalogStore }),
    tryProvider: async (target, signal) =>
      await tryProvider({
        ...target,
        baseUrl: checkBaseUrl(target.baseUrl, allow),
        refusesAddress: refuses,
      }, signal),
    tryKnown: async (id, signal) => {
      const { source } = await providers.get(id);
      if (source === "settings") {
        const settings = config.providers.find((each) => each.id === id)!;
        return await tryProvider(settings, signal);
      }
      const added = catalog.record.providers.find((each) => each.id === id)!;
      const { state, text } = catalog.keyOf(added);
      if (state === "unreadable") return unreadableKey();
      return await tryProvider({
        ...added,
        apiKey: text,
        refusesAddress: refuses,
      }, signal);
    },
  };
}

function unreadableKey(): ProviderTest {
  return {
    ok: false,
    message:
      "Its key was kept with another FRESHET_SECRET and cannot be read. Enter the key again.",
    code: "key_unreadable",
    models: [],
    modelCount: 0,
    durationMs: 0,
  };
}
