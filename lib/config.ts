/**
 * The settings of a process: environment variables and the JSON file that `FRESHET_CONFIG` names, read
 * once at start. A wrong setting ends the start with one line that names it, its value and what is
 * wanted.
 */
import { StorageError } from "@/lib/errors.ts";
import type { AdmissionSettings } from "./config/admission.ts";
import type { BudgetRule } from "./config/budgets.ts";
import type { CacheSettings } from "./config/cache.ts";
import { ConfigError, wrongSetting as wrong } from "./config/config_error.ts";
import {
  type ConfigFile,
  DEFAULT_MAX_CONNECTIONS,
  httpUrl,
  type PriceSettings,
  readConfigFile,
  type RetentionSettings,
  type TitleSettings,
} from "./config/file.ts";
import { type MailSettings, readMail } from "./config/mail.ts";
import type { OidcSettings } from "./config/oidc.ts";
import type { AlertRuleSettings } from "./config/alerts.ts";
import type { OutgoingSettings } from "./config/outgoing.ts";
import type { LimitPolicySettings } from "./config/limits.ts";
import type { RequestLogSettings } from "./config/request_log.ts";
import {
  type BreakerSettings,
  type RouteSettings,
  unknownTarget,
} from "./config/routes.ts";
import { readSignIn, type SignInSettings } from "./config/sign_in.ts";
import { readTrustedProxies } from "./config/trusted_proxies.ts";

/** An OpenAI-compatible service that serves models. */
export interface ProviderSettings {
  id: string;
  /** Address up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey: string | null;
  /** Names of its models, or `"discover"` to ask its `/models`. */
  models: string[] | "discover";
  /** Sockets kept to this provider at most. */
  maxConnections: number;
}

export interface Config extends SignInSettings {
  /** TCP port; 0 lets the system choose. */
  port: number;
  host: string;
  /** Folder of the store, of the secret and of incarnation locks. */
  dataDir: string;
  /** Where the store is: a file path, or null for the platform's own (Deno Deploy, or a remote store). */
  storePath: string | null;
  /** CIDRs of the proxies whose forwarding headers count. */
  trustedProxies: string[];
  /** How mail leaves, or null: it does not. */
  mail: MailSettings | null;
  /** The owner's API key, or null when none is set. */
  apiKey: string | null;
  /** Descriptors that the process may have open. */
  maxDescriptors: number;
  /** How long running answers may finish before the drain begins, in milliseconds. */
  drainMs: number;
  providers: ProviderSettings[];
  /** Id of the provider whose models go by their plain names, or null. */
  defaultProvider: string | null;
  /** Names that lead to several models. */
  routes: RouteSettings[];
  breaker: BreakerSettings;
  /** Which answers are kept. */
  cache: CacheSettings;
  admission: AdmissionSettings;
  /** What models cost; a model that is not here is unpriced, which is not free. */
  prices: PriceSettings[];
  /** How much may be asked in a time, and at once. */
  limits: LimitPolicySettings[];
  /** How much may be spent in a period. */
  budgets: BudgetRule[];
  titles: TitleSettings;
  retention: RetentionSettings;
  requestLog: RequestLogSettings;
  oidc: OidcSettings;
  /** Where addresses that users set may lead. */
  outgoing: OutgoingSettings;
  /** Rules of alerts, besides those that the program has by itself. */
  alerts: readonly AlertRuleSettings[];
}

const DEFAULT_PORT = 8000;
const OPENAI_BASE_URL = "https://api.openai.com/v1";
const MIN_API_KEY_LENGTH = "frk_".length + 32;

type Env = (name: string) => string | undefined;

function integer(
  env: Env,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = env(name);
  if (!text) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw wrong(name, text, `want a whole number from ${least} to ${most}`);
  }
  return value;
}

function readApiKey(env: Env): string | null {
  const key = env("FRESHET_API_KEY");
  if (!key) return null;
  if (!key.startsWith("frk_") || key.length < MIN_API_KEY_LENGTH) {
    throw wrong(
      "FRESHET_API_KEY",
      key,
      "want frk_ plus at least 32 characters",
    );
  }
  return key;
}

function readBaseUrl(env: Env): string | null {
  const text = env("OPENAI_BASE_URL");
  if (!text) return null;
  if (!httpUrl.safeParse(text).success) {
    throw wrong("OPENAI_BASE_URL", text, "want an http or https address");
  }
  return text.replace(/\/+$/, "");
}

function readProviders(
  env: Env,
  file: ConfigFile,
): Pick<Config, "providers" | "defaultProvider"> {
  const providers: ProviderSettings[] = [];
  const apiKey = env("OPENAI_API_KEY") || null;
  const baseUrl = readBaseUrl(env);
  if (apiKey !== null || baseUrl !== null) {
    providers.push({
      id: "openai",
      baseUrl: baseUrl ?? OPENAI_BASE_URL,
      apiKey,
      models: "discover",
      maxConnections: DEFAULT_MAX_CONNECTIONS,
    });
  }
  const defaultProvider = providers[0]?.id ?? null;
  for (const { apiKeyEnv, apiKey, ...provider } of file.providers) {
    if (providers.some((other) => other.id === provider.id)) {
      throw wrong(
        "FRESHET_CONFIG",
        env("FRESHET_CONFIG")!,
        `provider "${provider.id}" is there twice`,
      );
    }
    const key = apiKeyEnv === undefined
      ? apiKey ?? null
      : env(apiKeyEnv) || null;
    if (apiKeyEnv !== undefined && key === null) {
      throw wrong(
        "FRESHET_CONFIG",
        env("FRESHET_CONFIG")!,
        `provider "${provider.id}" wants its key in ${apiKeyEnv}, which is not set`,
      );
    }
    providers.push({
      ...provider,
      baseUrl: provider.baseUrl.replace(/\/+$/, ""),
      apiKey: key,
    });
  }
  const unknown = unknownTarget(file.routes, providers);
  if (unknown !== null) {
    throw wrong("FRESHET_CONFIG", env("FRESHET_CONFIG")!, unknown);
  }
  return { providers, defaultProvider };
}

function readStorePath(
  env: Env,
  dataDir: string,
  canWrite: (path: string) => boolean,
): string | null {
  if (env("DENO_KV_DEFAULT_PATH")) return null;
  return canWrite(dataDir) ? `${dataDir}/freshet.db` : null;
}

/** What has to be sealed wants a key that all processes of a store have. */
function requireSecret(
  { storePath, secret, auth, mail }: Pick<
    Config,
    "storePath" | "secret" | "auth" | "mail"
  >,
): void {
  if (storePath !== null || secret !== null) return;
  const reason = auth === "oidc"
    ? "FRESHET_AUTH=oidc"
    : mail !== null
    ? "SMTP_URL"
    : null;
  if (reason === null) return;
  throw wrong(
    "FRESHET_SECRET",
    "",
    `${reason} needs it where the store is not a file of the data folder; want at least 32 random characters`,
  );
}

/** Where `readConfig` looks; tests give their own. */
export interface ConfigSources {
  env: Env;
  readText: (path: string) => Promise<string>;
  /** Whether this process is allowed to write below a folder. Deploy gives no disk to write to. */
  canWrite: (path: string) => boolean;
}

/**
 * Reads and checks all settings.
 * @throws {ConfigError} for the first setting that cannot be used
 */
export async function readConfig(
  sources: ConfigSources = processSources(),
): Promise<Config> {
  const env: Env = (name) => sources.env(name)?.trim();
  const host = env("HOST") || "127.0.0.1";
  const dataDir = (env("DATA_DIR") || "./data").replace(/(.)\/+$/, "$1");
  const file = await readConfigFile(env("FRESHET_CONFIG"), sources.readText);
  const config: Config = {
    port: integer(env, "PORT", DEFAULT_PORT, 0, 65_535),
    host,
    dataDir,
    storePath: readStorePath(env, dataDir, sources.canWrite),
    ...readSignIn(env, host),
    trustedProxies: readTrustedProxies(env("TRUSTED_PROXIES")),
    mail: readMail(env),
    apiKey: readApiKey(env),
    maxDescriptors: integer(env, "FRESHET_MAX_FDS", 1024, 256, 10_000_000),
    drainMs: integer(env, "FRESHET_DRAIN_MS", 0, 0, 3_600_000),
    ...readProviders(env, file),
    routes: file.routes,
    breaker: file.breaker,
    cache: file.cache,
    admission: file.admission,
    prices: file.prices,
    limits: file.limits,
    budgets: file.budgets,
    titles: file.titles,
    retention: file.retention,
    requestLog: file.requestLog,
    oidc: file.oidc,
    outgoing: file.outgoing,
    alerts: file.alerts,
  };
  requireSecret(config);
  return config;
}

function processSources(): ConfigSources {
  return {
    env: (name) => Deno.env.get(name),
    readText: (path) => Deno.readTextFile(path),
    canWrite: (path) =>
      Deno.permissions.querySync({ name: "write", path }).state === "granted",
  };
}

/** The error of a store that cannot be opened, named after the setting that says where it is. */
export function storeError(config: Config, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The setting is right: it says itself what is to be done.
  if (cause instanceof StorageError && cause.code === "storage_restoring") {
    return new ConfigError(reason);
  }
  return config.storePath === null
    ? wrong(
      "DENO_KV_DEFAULT_PATH",
      Deno.env.get("DENO_KV_DEFAULT_PATH") ?? "",
      reason,
    )
    : wrong("DATA_DIR", config.dataDir, `${reason}; want a folder to write to`);
}

const OIDC_SETTINGS = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"];

/** Names of the settings that are set and have no effect beside the others. */
export function settingsWithoutEffect(
  config: Config,
  env: Env = (name) => Deno.env.get(name),
): string[] {
  const idle = [
    ...(config.auth === "oidc" ? [] : OIDC_SETTINGS),
    ...(config.mail === null ? ["MAIL_FROM"] : []),
  ];
  return idle.filter((name) => Boolean(env(name)?.trim()));
}
