/**
 * Model servers on this machine that someone chose to use in the browser. They become providers of the
 * catalog, so they outlive the process; settings are never written.
 */
import type { AuditCaller } from "@/lib/audit/audit_event.ts";
import { DEFAULT_MAX_CONNECTIONS } from "@/lib/config/file.ts";
import { AppError } from "@/lib/errors.ts";
import type { ProviderCatalog } from "./catalog/provider_catalog.ts";
import {
  discoverLocal,
  type LocalPorts,
  type LocalServer,
} from "./discovery.ts";
import type { ModelRegistry } from "./models.ts";

export class LocalProviders {
  readonly #catalog: ProviderCatalog;
  readonly #models: ModelRegistry;
  readonly #ports: LocalPorts | undefined;

  /** Without ports, the usual ones of Ollama and LM Studio are tried. */
  constructor(
    catalog: ProviderCatalog,
    models: ModelRegistry,
    ports?: LocalPorts,
  ) {
    this.#catalog = catalog;
    this.#models = models;
    this.#ports = ports;
  }

  /** Servers that answer now and are not in use yet. */
  async offers(signal: AbortSignal): Promise<LocalServer[]> {
    const found = await discoverLocal(signal, this.#ports);
    return found.filter(({ id }) => !this.#models.has(id));
  }

  /**
   * Uses a server that answers now, from this moment on.
   * @throws {AppError} 404 `local_server_not_found` when it does not answer
   */
  async use(
    caller: AuditCaller,
    id: string,
    signal: AbortSignal,
  ): Promise<LocalServer> {
    const found = (await discoverLocal(signal, this.#ports)).find((server) =>
      server.id === id
    );
    if (found === undefined) {
      throw new AppError({
        status: 404,
        code: "local_server_not_found",
        message:
          "No model server of that name answers on this machine. Start it, then try again.",
        retryable: true,
      });
    }
    if (this.#models.has(id)) return found;
    try {
      await this.#catalog.create(caller, {
        id,
        baseUrl: found.baseUrl,
        apiKey: null,
        models: "discover",
        maxConnections: DEFAULT_MAX_CONNECTIONS,
      });
    } catch (error) {
      // Another request, or another process, was a moment sooner.
      const isThere = error instanceof AppError &&
        error.code === "provider_exists";
      if (!isThere) throw error;
      await this.#catalog.list();
    }
    return found;
  }
}
