/** Signing in where several processes serve one store behind a proxy. */
import assert from "node:assert/strict";
import { startIdentityProvider } from "../support/identity_provider.ts";
import { startProcess } from "../support/process.ts";
import { Browser, oidcEnv } from "./oidc_rig.ts";

const PUBLIC = "http://chat.example.test";

Deno.test("oidc: a sign-in that one process begins another one ends, and an answer counts once for both", async () => {
  const dataDir = await Deno.makeTempDir();
  await using idp = await startIdentityProvider({
    people: { ada: { email: "ada@example.test", email_verified: true } },
    redirectUris: [`${PUBLIC}/auth/oidc/callback`],
  });
  const { FRESHET_SECRET: _kept, ...settings } = oidcEnv(idp);
  const options = {
    env: { ...settings, TRUSTED_PROXIES: "127.0.0.1/32" },
  };
  await using one = await startProcess(dataDir, options);
  await using other = await startProcess(dataDir, options);
  /** The proxy in front of both tells each who the browser thinks it talks to. */
  const behind = (process: typeof one) => ({
    url: process.url,
    fetch: (path: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set("x-forwarded-host", new URL(PUBLIC).host);
      headers.set("x-forwarded-for", "203.0.113.7");
      return process.fetch(path, { ...init, headers });
    },
  });
  const first = new Browser(behind(one));
  const second = new Browser(behind(other));
  const answer = await idp.visit(await first.begin("?next=/tasks"), "ada");
  for (const [name, value] of first.cookies) second.cookies.set(name, value);
  assert.equal(await second.finish(answer), "/tasks");
  assert.match(await first.finish(answer), /^\/signin\?error=oidc_used/);
  // The session is good in both.
  first.cookies.set("freshet_session", second.session!);
  for (const browser of [first, second]) {
    const response = await browser.fetch("/api/threads");
    await response.body?.cancel();
    assert.equal(response.status, 200);
  }
});
