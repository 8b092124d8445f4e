/** What `/admin/health` and `GET /api/health` tell. */
import type { HealthReport } from "@/lib/shared/wire.ts";
import type { Services } from "@/lib/services.ts";
import { settingsInForce } from "./health_settings.ts";

/** Builds are told apart by the beginning of their hash. */
const BUILD_CHARACTERS = 12;

/** The process that an address asks for alone; null: for none. */
export function askedProcess({ searchParams }: URL): string | null {
  return searchParams.get("process") || null;
}

/**
 * @param url may ask for one `process`
 * @throws {AppError} 404 `not_found` for a process of which nothing is known
 * @throws {StorageError} when the store cannot be read
 */
export async function loadHealth(
  services: Pick<
    Services,
    "healthFeed" | "healthRecorder" | "config" | "serverSettings" | "store"
  >,
  url: URL,
  signal: AbortSignal,
): Promise<HealthReport> {
  const { healthFeed, config, serverSettings } = services;
  const { titles, cache, requestLog, admission } = serverSettings;
  return {
    ...await healthFeed.read(signal, askedProcess(url)),
    versions: versionsOf(services),
    // What was set while the server runs holds over what it began with.
    settings: settingsInForce({
      ...config,
      titles,
      cache,
      requestLog,
      admission,
    }),
  };
}

function versionsOf(
  { healthRecorder, store }: Pick<Services, "healthRecorder" | "store">,
): HealthReport["versions"] {
  const { deno, v8, typescript } = Deno.version;
  return [
    {
      name: "Build",
      value: healthRecorder.build?.slice(0, BUILD_CHARACTERS) ?? "development",
    },
    { name: "Deno", value: deno },
    { name: "V8", value: v8 },
    { name: "TypeScript", value: typescript },
    { name: "Store", value: STORE_KINDS[store.kind] },
    { name: "History of the store", value: store.generation },
  ];
}

const STORE_KINDS = {
  memory: "in memory, gone with the process",
  file: "a file of this machine",
  remote: "a KV server over the network",
  platform: "the platform’s own",
};
