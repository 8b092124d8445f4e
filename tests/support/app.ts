/**
 * The whole app for a test: the built handler, a real store, real sockets. Only the provider is a fake,
 * and that one is a real HTTP server. One app at a time in a test file.
 */
import { DEFAULT_ALERTS } from "@/lib/config/alert_defaults.ts";
import type { Config } from "@/lib/config.ts";
import { readConfig } from "@/lib/config.ts";
import { StrictKv } from "@/lib/kv/testing/strict_kv.ts";
import { openStore } from "@/lib/kv/open.ts";
import { drain, setServices } from "@/lib/lifespan.ts";
import { type Services, startServices } from "@/lib/services.ts";
import type { LocalPorts } from "@/lib/llm/discovery.ts";
import { createLogger } from "@/lib/observe/log.ts";

export interface AppOptions {
  /** Settings, as environment variables. */
  env?: Record<string, string>;
  /**
   * Contents of the file that `FRESHET_CONFIG` would name. Titles and alerts are off unless it says
   * otherwise: a busy machine would be told of to whoever counts what they are told.
   */
  configFile?: Record<string, unknown>;
  /** `":memory:"` unless told. */
  location?: string;
  /** Puts faults between the app and its store. */
  wrapKv?: (kv: Deno.Kv) => Deno.Kv;
  /** How long followers wait for the end of a run to be stored, in milliseconds. */
  finalDeadlineMs?: number;
  /** How long the store may take before a call counts as unanswered, in milliseconds. */
  storeDeadlineMs?: number;
  /** Ports of local model servers; none is looked for unless told. */
  localPorts?: LocalPorts;
}

export interface TestApp {
  /** Address without a slash at its end. */
  url: string;
  services: Services;
  config: Config;
  /** Lines that were logged. */
  logLines: string[];
  /** Fetches a path of the app, with a deadline. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Posts JSON. */
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Longest a single request of a test may take, in milliseconds. */
const REQUEST_DEADLINE_MS = 30_000;

const CONFIG_PATH = "test-config.json";

interface Built {
  default: {
    fetch(request: Request, info: Deno.ServeHandlerInfo): Promise<Response>;
  };
}

/** Starts the app on a free port of this machine. */
export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  const env: Record<string, string> = {
    ...options.env,
    FRESHET_CONFIG: CONFIG_PATH,
  };
  const configFile = {
    titles: { enabled: false },
    alerts: DEFAULT_ALERTS.map(({ id }) => ({ id, enabled: false })),
    ...options.configFile,
  };
  const config = await readConfig({
    env: (name) => env[name],
    readText: () => Promise.resolve(JSON.stringify(configFile)),
    canWrite: () => true,
  });
  const logLines: string[] = [];
  const log = createLogger({
    write: (line) => logLines.push(line),
    format: "json",
    level: "debug",
  });
  const store = await openStore({
    location: options.location ?? ":memory:",
    deadlineMs: options.storeDeadlineMs,
    wrap: (kv) => new StrictKv(options.wrapKv?.(kv) ?? kv),
  });
  const services = await startServices(config, {
    log,
    store,
    // Hashes are as weak as they are fast here; what they cost has a test of its own.
    passwordCost: { n: 2 ** 6, r: 8, p: 1 },
    // Ports on which nothing of this machine answers, whatever runs on it.
    localPorts: { ollama: 1, "lm-studio": 1, ...options.localPorts },
    finalDeadlineMs: options.finalDeadlineMs,
  });
  setServices(services);
  const path: string = new URL("../../_fresh/server.js", import.meta.url).href;
  const built: Built = await import(path);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => built.default.fetch(request, info),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const fetchPath = (path: string, init: RequestInit = {}) => {
    const deadline = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    const signal = init.signal
      ? AbortSignal.any([init.signal, deadline])
      : deadline;
    return fetch(url + path, { redirect: "manual", ...init, signal });
  };
  let closed: Promise<void> | null = null;
  const close = () =>
    closed ??= (async () => {
      // As serve.ts does.
      await services.liveFeed.stop();
      const stopped = server.shutdown();
      await drain(services);
      await stopped;
      setServices(undefined);
    })();
  return {
    url,
    services,
    config,
    logLines,
    fetch: fetchPath,
    post: (path, body, headers = {}) =>
      fetchPath(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
