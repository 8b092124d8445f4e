/** Settings of identity: how people get in, under which address, and who the first owner is. */
import type { AuthMode } from "@/lib/auth/caller.ts";
import { wrongSetting as wrong } from "./config_error.ts";
import { normaliseEmail } from "@/lib/auth/email.ts";

type Env = (name: string) => string | undefined;

/** The first owner, who gets in without having been invited. */
export interface FirstOwnerSettings {
  /** Normalised as accounts are. */
  email: string;
  /** Null: the identity provider lets them in. */
  password: string | null;
}

/** The identity provider of mode `oidc`. */
export interface IdentityProviderSettings {
  /** Its issuer, as it calls itself: an https address (http on this machine only). */
  issuer: string;
  clientId: string;
  /** Null: a public client, which has PKCE alone. */
  clientSecret: string | null;
}

/** Settings of sign-in. */
export interface SignInSettings {
  auth: AuthMode;
  /** Origin that people use, such as `https://chat.example.org`, or null: none is set. */
  publicUrl: string | null;
  firstOwner: FirstOwnerSettings | null;
  /** Set in mode `oidc`, else null. */
  identityProvider: IdentityProviderSettings | null;
  /** Encrypts secrets at rest; null: a key kept in the data folder. */
  secret: string | null;
}

/** Passwords have at least so many characters (code points); there is no other rule. */
export const MIN_PASSWORD_CHARACTERS = 12;
/** Longest password in UTF-8 bytes: whatever is hashed is bounded. */
export const MAX_PASSWORD_BYTES = 1_024;
const MIN_SECRET_CHARACTERS = 32;

/** Why a text cannot be a password, as the rest of a sentence; null: it can. */
export function passwordFault(password: string): string | null {
  if ([...password].length < MIN_PASSWORD_CHARACTERS) {
    return `must have at least ${MIN_PASSWORD_CHARACTERS} characters`;
  }
  if (new TextEncoder().encode(password).length > MAX_PASSWORD_BYTES) {
    return `must have at most ${MAX_PASSWORD_BYTES.toLocaleString("en")} bytes`;
  }
  return null;
}

/** Whether a name or address reaches this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" ||
    /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** The origin in PUBLIC_URL. The app lives at the root, so a path is refused rather than ignored. */
function readPublicUrl(env: Env): string | null {
  const text = env("PUBLIC_URL");
  if (!text) return null;
  const url = parseUrl(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) &&
    url.pathname === "/" && url.search === "" && url.hash === "" &&
    url.username === "" && url.password === "";
  if (isOrigin) return url.origin;
  throw wrong(
    "PUBLIC_URL",
    url === null ? text : url.origin,
    "want the http or https address people use, without a path, such as https://chat.example.org",
  );
}

/** What would put local mode in reach of others: name and value of the setting. */
function beyondThisMachine(
  env: Env,
  host: string,
): readonly [name: string, value: string] | null {
  if (env("PUBLIC_URL")) return ["PUBLIC_URL", env("PUBLIC_URL")!];
  const deploy = env("DENO_DEPLOY");
  if (deploy !== undefined) return ["DENO_DEPLOY", deploy];
  return isLoopback(host) ? null : ["HOST", host];
}

function readMode(env: Env, host: string): AuthMode {
  const beyond = beyondThisMachine(env, host);
  const asked = env("FRESHET_AUTH");
  if (!asked) return beyond === null ? "local" : "password";
  if (asked !== "local" && asked !== "password" && asked !== "oidc") {
    throw wrong("FRESHET_AUTH", asked, "want local, password, oidc");
  }
  if (asked === "local" && beyond !== null) {
    const [name, value] = beyond;
    throw wrong(
      "FRESHET_AUTH",
      asked,
      `local mode serves this machine only and ${name}="${value}" reaches beyond it; want password or oidc, or a loopback HOST (127.0.0.1), no PUBLIC_URL and no Deno Deploy`,
    );
  }
  return asked;
}

function readFirstOwner(env: Env, mode: AuthMode): FirstOwnerSettings | null {
  const text = env("FRESHET_ADMIN_EMAIL");
  const password = env("FRESHET_ADMIN_PASSWORD") || null;
  if (!text) {
    if (password === null) return null;
    throw wrong(
      "FRESHET_ADMIN_PASSWORD",
      password,
      "FRESHET_ADMIN_EMAIL is not set; want both",
    );
  }
  const email = normaliseEmail(text);
  if (email === null) {
    throw wrong("FRESHET_ADMIN_EMAIL", text, "want an e-mail address");
  }
  if (password === null && mode !== "oidc") {
    throw wrong(
      "FRESHET_ADMIN_EMAIL",
      text,
      "FRESHET_ADMIN_PASSWORD is not set; want both",
    );
  }
  const fault = password === null ? null : passwordFault(password);
  if (fault !== null) {
    throw wrong("FRESHET_ADMIN_PASSWORD", password!, `it ${fault}`);
  }
  return { email, password };
}

function readIdentityProvider(env: Env): IdentityProviderSettings {
  const issuer = env("OIDC_ISSUER") ?? "";
  const url = parseUrl(issuer);
  const isSafe = url !== null &&
    (url.protocol === "https:" ||
      url.protocol === "http:" && isLoopback(url.hostname));
  if (!isSafe || url.search !== "" || url.hash !== "") {
    throw wrong(
      "OIDC_ISSUER",
      issuer,
      "want the https address of the identity provider (http on this machine only)",
    );
  }
  const clientId = env("OIDC_CLIENT_ID");
  if (!clientId) {
    throw wrong(
      "OIDC_CLIENT_ID",
      "",
      "want the id that the identity provider gave this program",
    );
  }
  return { issuer, clientId, clientSecret: env("OIDC_CLIENT_SECRET") || null };
}

function readSecret(env: Env): string | null {
  const secret = env("FRESHET_SECRET");
  if (!secret) return null;
  if (secret.length < MIN_SECRET_CHARACTERS) {
    throw wrong(
      "FRESHET_SECRET",
      secret,
      `want at least ${MIN_SECRET_CHARACTERS} random characters`,
    );
  }
  return secret;
}

/**
 * Reads how people get in.
 * @throws {ConfigError} for the first setting that cannot be used
 */
export function readSignIn(env: Env, host: string): SignInSettings {
  const auth = readMode(env, host);
  return {
    auth,
    publicUrl: readPublicUrl(env),
    firstOwner: readFirstOwner(env, auth),
    identityProvider: auth === "oidc" ? readIdentityProvider(env) : null,
    secret: readSecret(env),
  };
}
