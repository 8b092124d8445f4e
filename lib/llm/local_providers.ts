/**
 * Model servers on this machine that someone chose to use in the browser. The choice is kept in the
 * store, so it outlives the process; settings are never written.
 */
import { AppError, StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { providerKey, providers } from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  discoverLocal,
  type LocalPorts,
  type LocalServer,
} from "./discovery.ts";
import type { ModelRegistry } from "./models.ts";

interface ProviderRecord {
  v: 1;
  id: string;
  baseUrl: string;
}

const MAX_CONNECTIONS = 200;

export class LocalProviders {
  readonly #store: Store;
  readonly #models: ModelRegistry;
  readonly #ports: LocalPorts | undefined;

  /** Without ports, the usual ones of Ollama and LM Studio are tried. */
  constructor(store: Store, models: ModelRegistry, ports?: LocalPorts) {
    this.#store = store;
    this.#models = models;
    this.#ports = ports;
  }

  /** Makes the servers that were chosen before known to the registry. */
  async load(): Promise<void> {
    for await (
      const { value } of list<ProviderRecord>(this.#store, providers())
    ) {
      this.#register(value);
    }
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
  async use(id: string, signal: AbortSignal): Promise<LocalServer> {
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
    const record: ProviderRecord = { v: 1, id, baseUrl: found.baseUrl };
    const key = providerKey(id);
    const there = await get<ProviderRecord>(this.#store, key);
    const { ok } = await commit(
      this.#store,
      new UnitOfWork().guard(key, there.versionstamp, record),
    );
    if (!ok) throw new StorageError("The choice could not be stored.");
    this.#register(record);
    return found;
  }

  #register({ id, baseUrl }: ProviderRecord): void {
    if (this.#models.has(id)) return;
    this.#models.add({
      id,
      baseUrl,
      apiKey: null,
      models: "discover",
      maxConnections: MAX_CONNECTIONS,
    });
  }
}
