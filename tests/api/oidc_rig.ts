/** The app in mode `oidc` with a real identity provider, and browsers that sign in. */
import assert from "node:assert/strict";
import type { Config } from "@/lib/config.ts";
import { type AppOptions, startApp, type TestApp } from "../support/app.ts";
import {
  type IdentityProviderOptions,
  startIdentityProvider,
  type TestIdentityProvider,
} from "../support/identity_provider.ts";

export const OWNER_EMAIL = "owner@example.test";
export const OWNER_PASSWORD = "a password of the first owner";

export interface OidcRig extends AsyncDisposable {
  app: TestApp;
  idp: TestIdentityProvider;
}

export interface OidcRigOptions {
  people?: IdentityProviderOptions["people"];
  /** Section `oidc` of the config file. */
  oidc?: Partial<Config["oidc"]>;
  env?: Record<string, string>;
  app?: AppOptions;
}

/** Settings of a server that trusts a provider. */
export function oidcEnv(
  idp: Pick<TestIdentityProvider, "issuer" | "clientId" | "clientSecret">,
): Record<string, string> {
  return {
    FRESHET_AUTH: "oidc",
    FRESHET_ADMIN_EMAIL: OWNER_EMAIL,
    FRESHET_ADMIN_PASSWORD: OWNER_PASSWORD,
    FRESHET_SECRET: "a secret of tests, of more than 32 characters",
    OIDC_ISSUER: idp.issuer,
    OIDC_CLIENT_ID: idp.clientId,
    OIDC_CLIENT_SECRET: idp.clientSecret,
  };
}

/** Starts both. */
export async function startOidc(
  options: OidcRigOptions = {},
): Promise<OidcRig> {
  const idp = await startIdentityProvider({ people: options.people });
  const app = await startApp({
    ...options.app,
    env: { ...oidcEnv(idp), ...options.env },
    configFile: { oidc: options.oidc ?? {} },
  });
  idp.redirectUris.push(`${app.url}/auth/oidc/callback`);
  return {
    app,
    idp,
    async [Symbol.asyncDispose]() {
      await app.close();
      await idp.close();
    },
  };
}

/** A browser as far as cookies go. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #app: Pick<TestApp, "fetch" | "url">;

  constructor(app: Pick<TestApp, "fetch" | "url">) {
    this.#app = app;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set(
      "cookie",
      [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    );
    const response = await this.#app.fetch(path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Presses the button. @returns address of the provider */
  async begin(query = ""): Promise<string> {
    const response = await this.fetch(`/auth/oidc/start${query}`);
    await response.body?.cancel();
    assert.equal(response.status, 303);
    return response.headers.get("location")!;
  }

  /** Comes back from the provider. @returns where the app sends the browser */
  async finish(answer: string): Promise<string> {
    const { pathname, search } = new URL(answer);
    const response = await this.fetch(pathname + search);
    await response.body?.cancel();
    assert.equal(response.status, 303);
    return response.headers.get("location")!;
  }

  /** Signs in as a person. @returns where the app sends the browser */
  async signIn(
    idp: TestIdentityProvider,
    subject: string,
    query = "",
  ): Promise<string> {
    const to = await this.begin(query);
    // Refused before the provider was reached.
    if (to.startsWith("/")) return to;
    return await this.finish(await idp.visit(to, subject));
  }

  /** Token of the session, or undefined. */
  get session(): string | undefined {
    return this.cookies.get("freshet_session");
  }
}

/** Signs in as a person who gets in, in a new browser. */
export async function signedIn(
  { app, idp }: OidcRig,
  subject: string,
): Promise<Browser> {
  const browser = new Browser(app);
  assert.equal(await browser.signIn(idp, subject), "/");
  return browser;
}

/** Who a browser is signed in as. */
export async function factsOf({ app }: OidcRig, browser: Browser) {
  app.services.sessions.forget();
  const facts = await app.services.sessions.find(browser.session ?? "");
  assert.ok(facts !== null, "nobody is signed in");
  return facts;
}

/** Audit events of a type that reached the outbox. */
export async function auditEvents(
  { app }: OidcRig,
  type: string,
): Promise<{ subject: string; details: Record<string, unknown> }[]> {
  const rows = app.services.store.kv.list<
    {
      ev: {
        type: string;
        subject: string;
        data: { details: Record<string, unknown> };
      }[];
    }
  >({ prefix: ["wsp_0000000000000000000000", "e"] });
  const envelopes = await Array.fromAsync(rows, ({ value }) => value.ev);
  return envelopes.flat().filter((event) => event.type === type)
    .map(({ subject, data }) => ({ subject, details: data.details }));
}
