/** The settings in force, for those who run the server: secrets are only said to be set. */
import type { Config, ProviderSettings } from "@/lib/config.ts";
import { redact } from "@/lib/observe/redact.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import type { HealthSetting } from "@/lib/shared/wire.ts";

type Rows = readonly (readonly [name: string, value: string | null])[];

/** By setting; what is not here is a secret until somebody has looked at it. */
const SHOWN: { [Name in keyof Config]?: (value: Config[Name]) => Rows } = {
  port: (port) => [["PORT", String(port)]],
  host: (host) => [["HOST", host]],
  dataDir: (path) => [["DATA_DIR", path]],
  storePath: (path) => [["Store", path ?? "the platform’s own"]],
  auth: (mode) => [["FRESHET_AUTH", mode]],
  publicUrl: (url) => [["PUBLIC_URL", url === null ? null : address(url)]],
  trustedProxies: (list) => [["TRUSTED_PROXIES", list.join(", ") || null]],
  maxDescriptors: (count) => [["FRESHET_MAX_FDS", String(count)]],
  drainMs: (ms) => [["FRESHET_DRAIN_MS", `${ms} ms`]],
  identityProvider: (oidc) => [
    ["OIDC_ISSUER", oidc === null ? null : address(oidc.issuer)],
    ["OIDC_CLIENT_ID", oidc?.clientId ?? null],
  ],
  mail: (mail) => [
    ["SMTP_URL", mail === null ? null : address(mail.smtpUrl)],
    ["MAIL_FROM", mail?.from ?? null],
  ],
  providers: (providers) =>
    providers.map((each) => [`Provider ${each.id}`, provider(each)]),
  defaultProvider: (id) => [["Default provider", id]],
  routes: (routes) =>
    routes.map(({ id, ...route }) => [`Route ${id}`, text(route)]),
  breaker: (settings) => section("breaker", settings),
  cache: (settings) => section("cache", settings),
  admission: (settings) => section("admission", settings),
  prices: ({ length }) => [["prices", formatPlural(length, "price")]],
  limits: (rules) => [["limits", rules.length === 0 ? null : text(rules)]],
  budgets: (rules) => [["budgets", rules.length === 0 ? null : text(rules)]],
  titles: (settings) => section("titles", settings),
  retention: (settings) => section("retention", settings),
  requestLog: (settings) => section("requestLog", settings),
  outgoing: (settings) => section("outgoing", settings),
};

/** What is a secret, and whether it is set. */
const SECRETS: { [name: string]: (config: Config) => boolean } = {
  FRESHET_API_KEY: ({ apiKey }) => apiKey !== null,
  FRESHET_ADMIN_PASSWORD: ({ firstOwner }) =>
    firstOwner !== null && firstOwner.password !== null,
  FRESHET_SECRET: ({ secret }) => secret !== null,
  OIDC_CLIENT_SECRET: ({ identityProvider }) =>
    identityProvider !== null && identityProvider.clientSecret !== null,
};

/** All that are in force; those without a value are said not to be set. */
export function settingsInForce(config: Config): HealthSetting[] {
  const shown = Object.keys(SHOWN).flatMap((name) =>
    rowsOf(config, name as keyof Config).map(([label, value]) => ({
      name: label,
      value: value === null ? "not set" : redact(value),
      isSecret: false,
    }))
  );
  const secret = Object.entries(SECRETS).map(([name, isSet]) => ({
    name,
    value: isSet(config) ? "set" : "not set",
    isSecret: true,
  }));
  return [...shown, ...secret];
}

function rowsOf<Name extends keyof Config>(config: Config, name: Name): Rows {
  return SHOWN[name]?.(config[name]) ?? [];
}

function provider(
  { baseUrl, apiKey, models, maxConnections }: ProviderSettings,
): string {
  return [
    address(baseUrl),
    apiKey === null ? "no key" : "key set",
    models === "discover"
      ? "models as it lists them"
      : formatPlural(models.length, "model"),
    `${formatPlural(maxConnections, "connection")} at most`,
  ].join(" · ");
}

/** An address without user, password and query, which may be secrets. */
function address(url: string): string {
  if (!URL.canParse(url)) return "…";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** A section of the config file, a row for each of its members. */
function section(name: string, settings: object): Rows {
  return Object.entries(settings).map(([member, value]) => [
    `${name}.${member}`,
    value === null || (Array.isArray(value) && value.length === 0)
      ? null
      : text(value),
  ]);
}

/** As it stands in the config file, in one line. */
function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
