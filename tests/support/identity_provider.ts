/**
 * A real identity provider for tests: oidc-provider behind an HTTP server of its own on this machine,
 * which can be slow, fail, or lie on demand.
 */
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
// @ts-types="npm:@types/oidc-provider@9.12.1"
import { Provider } from "oidc-provider";

/** A person the provider knows. */
export interface Person {
  /** `sub`; the key of `people`. */
  email?: string;
  email_verified?: boolean | string;
  name?: string;
  groups?: string[] | string;
  [claim: string]: unknown;
}

/** What goes wrong with a request; null: nothing. */
export type Failure =
  | { status: number; body?: string }
  | "hang"
  | "break"
  | null;

export interface IdentityProviderOptions {
  /** Who can sign in, by `sub`. */
  people?: Record<string, Person>;
  /** Where browsers may be sent back to, to begin with. */
  redirectUris?: string[];
  /** Claims that the userinfo endpoint tells and ID tokens do not. */
  claimsByUserInfo?: boolean;
  clientAuth?: "client_secret_basic" | "client_secret_post" | "none";
}

export interface TestIdentityProvider extends AsyncDisposable {
  issuer: string;
  clientId: string;
  clientSecret: string;
  people: Record<string, Person>;
  /** Where browsers may be sent back to. */
  redirectUris: string[];
  /** Paths that were asked for, in order. */
  requests: string[];
  /** Milliseconds that every answer takes. */
  delayMs: number;
  /** Waited for before each answer; null: nothing. */
  before: ((path: string) => Promise<unknown> | void) | null;
  /** Decides which requests fail. */
  failure: (path: string) => Failure;
  /** Changes the claims of ID tokens before they are signed. */
  changeClaims:
    | ((claims: Record<string, unknown>) => Record<string, unknown>)
    | null;
  /** Changes what the authorization endpoint sends the browser back with. */
  changeAnswer: ((answer: URL) => URL) | null;
  /** Whoever signs in says no. */
  denies: boolean;
  /** Signs with another key from now on; the old one is in the key set no longer. */
  rotateKeys(): Promise<void>;
  /** Signs with a key that is in no key set. */
  forgeKeys(): Promise<void>;
  /**
   * What a browser does at the provider: follows its redirects and signs in.
   * @returns the address that the provider sends the browser back to
   */
  visit(authorizationUrl: string, subject: string): Promise<string>;
  close(): Promise<void>;
}

interface SigningKey {
  jwk: JsonWebKey & { kid: string };
  privateKey: CryptoKey;
}

async function newKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const kid = crypto.randomUUID();
  return {
    jwk: { ...jwk, kid, alg: "ES256", use: "sig" },
    privateKey: pair.privateKey,
  };
}

const base64url = { alphabet: "base64url", omitPadding: true } as const;
const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64(base64url);

async function sign(key: SigningKey, claims: unknown): Promise<string> {
  const head = encode({ alg: "ES256", typ: "JWT", kid: key.jwk.kid });
  const content = `${head}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    key.privateKey,
    new TextEncoder().encode(content),
  );
  return `${content}.${new Uint8Array(signature).toBase64(base64url)}`;
}

function publicKey({ jwk: { d: _secret, ...jwk } }: SigningKey) {
  return { ...jwk, key_ops: undefined, ext: undefined };
}

const CLIENT_ID = "freshet";
const CLIENT_SECRET = "secret with: / and +";
/** Most redirects that a visit takes. */
const MAX_STEPS = 10;

/** Starts a provider on a free port. */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<TestIdentityProvider> {
  let signing = await newKey();
  let published = signing;
  const server = createServer();
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const clientAuth = options.clientAuth ?? "client_secret_basic";
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...signing.jwk, key_ops: undefined, ext: undefined }] },
    clients: [{
      client_id: CLIENT_ID,
      ...(clientAuth === "none" ? {} : { client_secret: CLIENT_SECRET }),
      token_endpoint_auth_method: clientAuth,
      redirect_uris: ["http://nowhere.invalid/"],
      id_token_signed_response_alg: "ES256",
    }],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "groups", "realm_access"],
    },
    conformIdTokenClaims: options.claimsByUserInfo ?? false,
    cookies: { keys: ["a key of tests"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: () => Promise.resolve({ sub, ...self.people[sub] }),
    }),
    interactions: {
      url: (_ctx, { uid }) => `/interaction/${uid}`,
    },
    /** Nobody is asked for their consent. */
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({
        clientId: client!.clientId,
        accountId: session!.accountId,
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  // Where the app listens is known only once it does, and that takes the issuer.
  provider.Client.prototype.redirectUriAllowed = (uri: string) =>
    self.redirectUris.includes(uri);
  provider.on("server_error", (_ctx, error) => console.error(error));
  const handle = provider.callback();

  const interact = async (
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    const result = self.denies
      ? { error: "access_denied", error_description: "The person said no" }
      : { login: { accountId: String(request.headers["x-subject"]) } };
    await provider.interactionFinished(request, response, result);
  };

  /** The provider's own answer, with its ID token signed anew. */
  const changedTokens = (
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    const end = response.end.bind(response);
    const change = async (body: string) => {
      const answer = JSON.parse(body);
      if (typeof answer.id_token !== "string") return body;
      const claims = JSON.parse(new TextDecoder().decode(
        Uint8Array.fromBase64(answer.id_token.split(".")[1], base64url),
      ));
      answer.id_token = await sign(
        signing,
        self.changeClaims?.(claims) ?? claims,
      );
      return JSON.stringify(answer);
    };
    response.end = ((body: unknown) => {
      void change(String(body ?? "")).then((changed) => {
        response.setHeader(
          "content-length",
          new TextEncoder().encode(changed).length,
        );
        end(changed);
      });
      return response;
    }) as typeof response.end;
    void handle(request, response);
  };

  server.on("request", async (request, response) => {
    const path = new URL(request.url ?? "/", issuer).pathname;
    self.requests.push(path);
    if (self.delayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, self.delayMs));
    }
    await self.before?.(path);
    const failure = self.failure(path);
    if (failure === "hang") return;
    if (failure === "break") return void request.socket.destroy();
    if (failure !== null) {
      response.writeHead(failure.status, {
        "content-type": "application/json",
      });
      response.end(failure.body ?? "{}");
    } else if (path === "/jwks") {
      response.setHeader("content-type", "application/jwk-set+json");
      response.end(JSON.stringify({ keys: [publicKey(published)] }));
    } else if (path.startsWith("/interaction/")) {
      await interact(request, response);
    } else if (path === "/token") changedTokens(request, response);
    else void handle(request, response);
  });

  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const self: TestIdentityProvider = {
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    people: options.people ?? {},
    redirectUris: [...options.redirectUris ?? []],
    requests: [],
    delayMs: 0,
    before: null,
    failure: () => null,
    changeClaims: null,
    changeAnswer: null,
    denies: false,
    async rotateKeys() {
      signing = published = await newKey();
    },
    async forgeKeys() {
      signing = await newKey();
      signing.jwk.kid = published.jwk.kid;
    },
    async visit(authorizationUrl, subject) {
      const at = await visitProvider(issuer, authorizationUrl, subject);
      return self.changeAnswer?.(new URL(at)).href ?? at;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return self;
}

/**
 * What a browser does at a provider: follows its redirects and signs in.
 * @returns the address that the provider sends the browser back to
 */
export async function visitProvider(
  issuer: string,
  authorizationUrl: string,
  subject: string,
): Promise<string> {
  const cookies = new Map<string, string>();
  let at = authorizationUrl;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(at, {
      redirect: "manual",
      headers: {
        "x-subject": subject,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`)
          .join("; "),
      },
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) {
      throw new Error(`Provider answered ${response.status}: ${text}`);
    }
    at = new URL(location, at).href;
    if (!at.startsWith(issuer)) {
      return at;
    }
  }
  throw new Error(`Provider sent the browser around: ${at}`);
}
