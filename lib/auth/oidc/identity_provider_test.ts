import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import {
  startIdentityProvider,
  type TestIdentityProvider,
} from "@/tests/support/identity_provider.ts";
import { IdentityProvider } from "./identity_provider.ts";
import { OidcRefusal } from "./refusal.ts";
import { newFlow, type SignInFlow } from "./sign_in_flow.ts";

const REDIRECT_URI = "http://app.test/auth/oidc/callback";

const PEOPLE = {
  ada: { email: "ada@example.test", email_verified: true, name: "Ada" },
};

/** Runs in turn what a test and its people do with one provider. */
async function withProvider(
  test: (rig: {
    idp: TestIdentityProvider;
    provider: IdentityProvider;
    /** Goes to the provider and comes back with what it says. */
    visit: (flow: SignInFlow) => Promise<URL>;
    /** Lets time pass for what is kept of the provider. */
    pass: (ms: number) => void;
  }) => Promise<void>,
  options: {
    clientAuth?: "client_secret_basic" | "client_secret_post" | "none";
    claimsByUserInfo?: boolean;
    clientSecret?: string | null;
  } = {},
): Promise<void> {
  await using idp = await startIdentityProvider({
    people: PEOPLE,
    redirectUris: [REDIRECT_URI],
    ...options,
  });
  let aheadMs = 0;
  const provider = new IdentityProvider({
    issuer: idp.issuer,
    clientId: idp.clientId,
    clientSecret: options.clientSecret === undefined
      ? idp.clientSecret
      : options.clientSecret,
    scopes: ["openid", "profile", "email"],
    groupsClaim: "groups",
    clock: { ...systemClock, monotonic: () => performance.now() + aheadMs },
  });
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  const visit = async (flow: SignInFlow) => {
    const to = await provider.authorizationUrl(flow, REDIRECT_URI);
    return new URL(await idp.visit(to.href, "ada"));
  };
  await test({ idp, provider, visit, pass });
}

const flowNow = () => newFlow("/", null, Date.now());

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OidcRefusal) return error.code;
    throw error;
  }
  throw new assert.AssertionError({ message: "It was not refused" });
}

for (
  const clientAuth of [
    "client_secret_basic",
    "client_secret_post",
    "none",
  ] as const
) {
  Deno.test(`IdentityProvider: signs in a client registered for ${clientAuth}`, async () => {
    await withProvider(async ({ provider, visit }) => {
      const flow = flowNow();
      const { issuer, claims } = await provider.exchange(
        flow,
        await visit(flow),
      );
      assert.equal(claims.sub, "ada");
      assert.equal(claims.email, "ada@example.test");
      assert.equal(issuer, claims.iss);
    }, { clientAuth, clientSecret: clientAuth === "none" ? null : undefined });
  });
}

Deno.test("IdentityProvider: asks the userinfo endpoint for what the ID token lacks", async () => {
  await withProvider(async ({ provider, visit, idp }) => {
    const flow = flowNow();
    const { claims } = await provider.exchange(flow, await visit(flow));
    assert.equal(claims.email, "ada@example.test");
    assert.ok(idp.requests.includes("/me"));
  }, { claimsByUserInfo: true });
});

Deno.test("IdentityProvider: PKCE by S256, state and nonce are in the request", async () => {
  await withProvider(async ({ provider }) => {
    const flow = flowNow();
    const { searchParams } = await provider.authorizationUrl(
      flow,
      REDIRECT_URI,
    );
    assert.equal(searchParams.get("code_challenge_method"), "S256");
    assert.notEqual(searchParams.get("code_challenge"), flow.verifier);
    assert.equal(searchParams.get("state"), flow.state);
    assert.equal(searchParams.get("nonce"), flow.nonce);
    assert.equal(searchParams.get("scope"), "openid profile email");
  });
});

Deno.test("IdentityProvider: refuses what does not belong to the sign-in", async () => {
  await withProvider(async ({ provider, visit, idp }) => {
    const cases: [
      string,
      string,
      (flow: SignInFlow, answer: URL) => [
        SignInFlow,
        URL,
      ],
    ][] = [
      ["another nonce", "oidc_invalid", (flow, answer) => [
        { ...flow, nonce: "x" },
        answer,
      ]],
      ["another state", "oidc_invalid", (flow, answer) => [
        { ...flow, state: "x" },
        answer,
      ]],
      ["another verifier", "oidc_refused", (flow, answer) => [
        { ...flow, verifier: flowNow().verifier },
        answer,
      ]],
      ["a foreign issuer", "oidc_issuer", (flow, answer) => {
        answer.searchParams.set("iss", "https://evil.example");
        return [flow, answer];
      }],
      ["no issuer though it promised one", "oidc_invalid", (flow, answer) => {
        answer.searchParams.delete("iss");
        return [flow, answer];
      }],
      ["another code", "oidc_refused", (flow, answer) => {
        answer.searchParams.set("code", "x".repeat(43));
        return [flow, answer];
      }],
    ];
    for (const [what, code, change] of cases) {
      const flow = flowNow();
      const [given, answer] = change(flow, await visit(flow));
      assert.equal(await refusal(provider.exchange(given, answer)), code, what);
    }
    assert.ok(idp.requests.includes("/token"));
  });
});

Deno.test("IdentityProvider: refuses tokens with wrong claims or signature", async () => {
  await withProvider(async ({ provider, visit, idp }) => {
    const now = Math.floor(Date.now() / 1_000);
    const cases: [string, Record<string, unknown>, string][] = [
      ["foreign issuer", { iss: "https://evil.example" }, "oidc_issuer"],
      ["for another client", { aud: "another" }, "oidc_invalid"],
      ["expired", { exp: now - 600 }, "oidc_clock"],
      ["not yet", { nbf: now + 600 }, "oidc_clock"],
      ["another nonce", { nonce: "x" }, "oidc_invalid"],
      ["no nonce", { nonce: undefined }, "oidc_invalid"],
    ];
    for (const [what, changes, code] of cases) {
      idp.changeClaims = (claims) => ({ ...claims, ...changes });
      const flow = flowNow();
      const answer = await visit(flow);
      assert.equal(await refusal(provider.exchange(flow, answer)), code, what);
    }
    idp.changeClaims = null;
    await idp.forgeKeys();
    const flow = flowNow();
    const answer = await visit(flow);
    assert.equal(
      await refusal(provider.exchange(flow, answer)),
      "oidc_invalid",
      "forged",
    );
  });
});

Deno.test("IdentityProvider: clocks may be apart by less than a minute", async () => {
  await withProvider(async ({ provider, visit, idp }) => {
    const now = Math.floor(Date.now() / 1_000);
    idp.changeClaims = (claims) => ({
      ...claims,
      nbf: now + 40,
      iat: now + 40,
    });
    const flow = flowNow();
    const { claims } = await provider.exchange(flow, await visit(flow));
    assert.equal(claims.sub, "ada");
  });
});

Deno.test("IdentityProvider: a code counts once", async () => {
  await withProvider(async ({ provider, visit }) => {
    const flow = flowNow();
    const answer = await visit(flow);
    await provider.exchange(flow, answer);
    assert.equal(
      await refusal(provider.exchange(flow, answer)),
      "oidc_refused",
    );
  });
});

Deno.test("IdentityProvider: metadata and keys are asked for once, and anew after a change of keys", async () => {
  await withProvider(async ({ provider, visit, idp, pass }) => {
    const count = (path: string) =>
      idp.requests.filter((each) => each === path).length;
    const signIn = async () => {
      const flow = flowNow();
      await provider.exchange(flow, await visit(flow));
    };
    await Promise.all(Array.from({ length: 20 }, signIn));
    await signIn();
    assert.equal(count("/.well-known/openid-configuration"), 1);
    assert.equal(count("/jwks"), 1);
    await idp.rotateKeys();
    pass(1_100);
    await Promise.all(Array.from({ length: 20 }, signIn));
    assert.equal(count("/jwks"), 2);
    // Old metadata and keys are still used while newer ones are on their way.
    pass(2 * 60 * 60_000);
    await Promise.all(Array.from({ length: 20 }, signIn));
    assert.equal(count("/.well-known/openid-configuration"), 2);
    assert.equal(count("/jwks"), 3);
  });
});

Deno.test("IdentityProvider: what fails is told as such, and tried again", async () => {
  await withProvider(async ({ provider, visit, idp, pass }) => {
    const begin = () => provider.authorizationUrl(flowNow(), REDIRECT_URI);
    for (const failure of ["break", { status: 503 }] as const) {
      idp.failure = () => failure;
      assert.equal(await refusal(begin()), "oidc_unavailable");
      provider.drop();
    }
    idp.failure = () => ({ status: 200, body: "<html>" });
    assert.equal(await refusal(begin()), "oidc_unavailable");
    provider.drop();
    idp.failure = () => ({ status: 404 });
    assert.equal(await refusal(begin()), "oidc_misconfigured");
    idp.failure = () => null;
    assert.equal(await refusal(begin()), "oidc_misconfigured", "too soon");
    pass(1_100);
    await begin();

    for (
      const [path, status, code] of [
        ["/token", 503, "oidc_unavailable"],
        ["/token", 500, "oidc_unavailable"],
        ["/jwks", 500, "oidc_unavailable"],
      ] as const
    ) {
      provider.drop();
      const flow = flowNow();
      idp.failure = (each) => each === path ? { status } : null;
      const answer = await visit(flow);
      assert.equal(await refusal(provider.exchange(flow, answer)), code, path);
    }
  });
});

Deno.test("IdentityProvider: metadata of another issuer are refused", async () => {
  await withProvider(async ({ idp }) => {
    const provider = new IdentityProvider({
      issuer: idp.issuer.replace("127.0.0.1", "localhost"),
      clientId: idp.clientId,
      clientSecret: idp.clientSecret,
      scopes: [],
      groupsClaim: "groups",
      clock: systemClock,
    });
    const begun = provider.authorizationUrl(flowNow(), REDIRECT_URI);
    assert.equal(await refusal(begun), "oidc_misconfigured");
  });
});

Deno.test("IdentityProvider: a wrong secret is the administrator's to mend", async () => {
  await withProvider(async ({ provider, visit }) => {
    const flow = flowNow();
    const answer = await visit(flow);
    assert.equal(
      await refusal(provider.exchange(flow, answer)),
      "oidc_misconfigured",
    );
  }, { clientSecret: "another" });
});

Deno.test("IdentityProvider: who says no there is told so here", async () => {
  await withProvider(async ({ provider, visit, idp }) => {
    idp.denies = true;
    const flow = flowNow();
    const answer = await visit(flow);
    assert.equal(await refusal(provider.exchange(flow, answer)), "oidc_denied");
  });
});
