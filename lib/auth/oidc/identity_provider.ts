/**
 * The identity provider of `OIDC_ISSUER`, by OpenID Connect Core 1.0 with PKCE (RFC 7636, S256) and the
 * issuer in the answer (RFC 9207). Its metadata and keys are kept in memory; it is asked nothing but
 * while somebody signs in.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  type ServerMetadata,
} from "openid-client";
import type { Clock } from "@/lib/clock.ts";
import { type Claims, groupsOf } from "./identity_claims.ts";
import { KeptValue } from "./kept_value.ts";
import { providerFetch } from "./provider_fetch.ts";
import { ProviderKeys } from "./provider_keys.ts";
import { OidcRefusal, toRefusal } from "./refusal.ts";
import type { SignInFlow } from "./sign_in_flow.ts";

const METADATA_FRESH_MS = 60 * 60_000;
const METADATA_USABLE_MS = 24 * 60 * 60_000;
const METADATA_PAUSE_MS = 1_000;

/** How far the clocks of the provider and of this server may be apart, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Longest of all that one exchange may take, in seconds; each request has a shorter one of its own. */
const EXCHANGE_SECONDS = 10;

export interface IdentityProviderOptions {
  /** Address of the provider, without `/.well-known/…`. */
  issuer: string;
  clientId: string;
  /** Null: a public client, which has PKCE alone. */
  clientSecret: string | null;
  scopes: readonly string[];
  groupsClaim: string;
  clock: Clock;
}

interface Provider {
  metadata: ServerMetadata;
  keys: ProviderKeys;
}

export class IdentityProvider {
  readonly #options: IdentityProviderOptions;
  readonly #provider: KeptValue<Provider>;
  #keys: { url: string; keys: ProviderKeys } | null = null;
  /** The way of showing the secret that worked; null: none has yet. */
  #clientAuth: ClientAuth | null = null;

  constructor(options: IdentityProviderOptions) {
    this.#options = options;
    this.#provider = new KeptValue({
      load: () => this.#discover(),
      clock: options.clock,
      freshMs: METADATA_FRESH_MS,
      usableMs: METADATA_USABLE_MS,
      pauseMs: METADATA_PAUSE_MS,
    });
  }

  /** Name of the provider for people: its host. */
  get host(): string {
    return new URL(this.#options.issuer).host;
  }

  /** Asks for what a sign-in will need, unless it is known; what fails now is tried again then. */
  prepare(): void {
    this.#provider.get().then(({ keys }) => keys.get(null)).catch(() => {});
  }

  /**
   * Where the browser is to go to sign in.
   * @throws {OidcRefusal} when the provider cannot be asked for its endpoints
   */
  async authorizationUrl(
    { state, nonce, verifier }: SignInFlow,
    redirectUri: string,
  ): Promise<URL> {
    const { clientId, scopes } = this.#options;
    const { metadata, keys } = await this.#provider.get();
    // They are there when the browser comes back.
    keys.get(null).catch(() => {});
    const configuration = new Configuration(metadata, clientId);
    try {
      if (isPlainHttp(metadata.issuer)) allowInsecureRequests(configuration);
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: [...new Set(["openid", ...scopes])].join(" "),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
    } catch (error) {
      throw toRefusal(error);
    }
  }

  /**
   * Trades the code that the browser brought for verified claims: state, issuer, nonce, audience, times
   * and the signature have been checked.
   * @param answer address the provider sent the browser to, with the redirect URI's own origin and path
   * @returns claims and the issuer they are of
   * @throws {OidcRefusal} whatever is wrong
   */
  async exchange(
    flow: SignInFlow,
    answer: URL,
  ): Promise<{ issuer: string; claims: Claims }> {
    const { metadata, keys } = await this.#provider.get();
    const told = answer.searchParams.get("iss");
    if (told !== null && told !== metadata.issuer) {
      throw new OidcRefusal("oidc_issuer", "parameter iss");
    }
    const ways = this.#clientAuth === null
      ? clientAuths(metadata, this.#options.clientSecret)
      : [this.#clientAuth];
    for (const [index, way] of ways.entries()) {
      try {
        const claims = await this.#claims(way, flow, answer, metadata, keys);
        this.#clientAuth = way;
        return { issuer: metadata.issuer, claims };
      } catch (error) {
        const refusal = toRefusal(error);
        // A provider refuses the client before it looks at the code, which stays good.
        const isLast = index === ways.length - 1;
        if (isLast || refusal.code !== "oidc_misconfigured") throw refusal;
      }
    }
    throw new OidcRefusal("oidc_misconfigured", "no client authentication");
  }

  /** Forgets what was fetched, as a process does that begins. */
  drop(): void {
    this.#provider.drop();
    this.#keys?.keys.drop();
    this.#keys = null;
    this.#clientAuth = null;
  }

  async #claims(
    way: ClientAuth,
    { state, nonce, verifier }: SignInFlow,
    answer: URL,
    metadata: ServerMetadata,
    keys: ProviderKeys,
  ): Promise<Claims> {
    const { clientId, clientSecret, groupsClaim } = this.#options;
    // One for each exchange: the library keeps keys beside it, and these are kept here.
    const configuration = new Configuration(
      metadata,
      clientId,
      {
        ...(clientSecret === null ? {} : { client_secret: clientSecret }),
        [clockTolerance]: CLOCK_TOLERANCE_SECONDS,
      },
      way,
    );
    if (isPlainHttp(metadata.issuer)) allowInsecureRequests(configuration);
    enableNonRepudiationChecks(configuration);
    configuration.timeout = EXCHANGE_SECONDS;
    let keyId: string | null = null;
    configuration[customFetch] = async (url, init) => {
      if (url === metadata.jwks_uri) {
        return new Response(await keys.get(keyId), {
          headers: { "content-type": "application/json" },
        });
      }
      const response = await providerFetch(url, init as RequestInit);
      if (url === metadata.token_endpoint) {
        keyId = await signingKeyId(response.clone());
      }
      return response;
    };
    const tokens = await authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) {
      throw new OidcRefusal("oidc_invalid", "no ID token");
    }
    if (
      metadata.userinfo_endpoint === undefined ||
      !wantsMore(claims, groupsClaim, metadata.claims_supported)
    ) {
      return claims;
    }
    const more = await fetchUserInfo(
      configuration,
      tokens.access_token,
      claims.sub,
    );
    return { ...more, ...claims };
  }

  async #discover(): Promise<Provider> {
    const issuer = new URL(this.#options.issuer);
    try {
      const found = await discovery(
        issuer,
        this.#options.clientId,
        undefined,
        undefined,
        {
          execute: isPlainHttp(issuer.href) ? [allowInsecureRequests] : [],
          [customFetch]: (url, init) => providerFetch(url, init as RequestInit),
          timeout: EXCHANGE_SECONDS,
        },
      );
      const metadata = found.serverMetadata();
      const { jwks_uri: url, authorization_endpoint: authorize } = metadata;
      if (url === undefined || authorize === undefined) {
        throw new OidcRefusal(
          "oidc_misconfigured",
          "discovery lacks endpoints",
        );
      }
      if (this.#keys?.url !== url) {
        this.#keys = { url, keys: new ProviderKeys(url, this.#options.clock) };
      }
      return { metadata, keys: this.#keys.keys };
    } catch (error) {
      throw toRefusal(error);
    }
  }
}

/** Whether the userinfo endpoint may tell what the ID token does not. */
function wantsMore(
  claims: Claims,
  groupsClaim: string,
  supported: string[] | undefined,
): boolean {
  if (!("email" in claims && "email_verified" in claims)) return true;
  if (groupsOf(claims, groupsClaim) !== null) return false;
  return supported === undefined ||
    supported.includes(groupsClaim.split(".")[0]) ||
    supported.includes(groupsClaim);
}

function isPlainHttp(address: string): boolean {
  return address.startsWith("http:");
}

/**
 * Ways to show the client's secret, in the order to try. A provider may take only the one that the client
 * was registered with, which its metadata do not tell.
 */
function clientAuths(
  { token_endpoint_auth_methods_supported: supported }: ServerMetadata,
  secret: string | null,
): ClientAuth[] {
  if (secret === null) return [None()];
  // Basic where the provider says nothing (RFC 8414, section 2).
  const methods = supported ?? ["client_secret_basic"];
  const ways: ClientAuth[] = [];
  if (methods.includes("client_secret_basic")) {
    ways.push(ClientSecretBasic(secret));
  }
  if (methods.includes("client_secret_post")) {
    ways.push(ClientSecretPost(secret));
  }
  return ways.length > 0 ? ways : [ClientSecretBasic(secret)];
}

/** `kid` in the header of the ID token in an answer, unverified; null when there is none. */
async function signingKeyId(answer: Response): Promise<string | null> {
  try {
    const { id_token: token } = await answer.json();
    const header = new TextDecoder().decode(
      Uint8Array.fromBase64(String(token).split(".")[0], {
        alphabet: "base64url",
      }),
    );
    const { kid } = JSON.parse(header);
    return typeof kid === "string" ? kid : null;
  } catch {
    return null;
  }
}
