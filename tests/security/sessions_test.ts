/** Sessions and their cookies, where sign-in leads, and how guesses are slowed down. */
import assert from "node:assert/strict";
import type { TestApp } from "../support/app.ts";
import {
  cookieOf,
  OWNER,
  ownerToken,
  signInOver,
  startPeopleApp,
} from "./people_app.ts";

async function statusOf(app: TestApp, cookie: string): Promise<number> {
  const response = await app.fetch("/api/session", { headers: { cookie } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("session fixation: a token that somebody else put into the browser is never a session", async () => {
  await using app = await startPeopleApp();
  const planted = [
    "A".repeat(43),
    "x",
    "'\"<>",
    crypto.randomUUID(),
    await ownerToken(app),
  ];
  for (const token of planted) {
    const cookie = `freshet_session=${token}`;
    const { status, setCookie } = await signInOver(app, { cookie });
    assert.equal(status, 204);
    const own = cookieOf(setCookie);
    assert.notEqual(own, cookie);
    assert.equal(await statusOf(app, own), 200);
    assert.equal(await statusOf(app, cookie), 401, "the one before has ended");
  }
});

Deno.test("session fixation: each sign-in has a token of its own, of 256 random bits", async () => {
  await using app = await startPeopleApp();
  const tokens = new Set<string>();
  for (let count = 0; count < 5; count += 1) {
    const { setCookie } = await signInOver(app);
    const token = cookieOf(setCookie).split("=")[1];
    assert.ok(token.length >= 43, `${token.length} characters`);
    tokens.add(token);
  }
  assert.equal(tokens.size, 5);
});

Deno.test("cookies: over plain http without Secure, over https bound to this very host", async () => {
  await using plain = await startPeopleApp();
  const [plainCookie] = (await signInOver(plain)).setCookie;
  assert.match(plainCookie, /^freshet_session=/);
  assert.match(plainCookie, /; Path=\/(;|$)/);
  assert.match(plainCookie, /; HttpOnly(;|$)/);
  assert.match(plainCookie, /; SameSite=Lax(;|$)/);
  assert.doesNotMatch(plainCookie, /Secure|Domain/);
  await plain.close();

  await using behindProxy = await startPeopleApp({
    env: { TRUSTED_PROXIES: "127.0.0.0/8" },
  });
  const https = {
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "https",
  };
  const [secureCookie] = (await signInOver(behindProxy, https)).setCookie;
  assert.match(secureCookie, /^__Host-freshet=/);
  assert.match(secureCookie, /; Path=\/(;|$)/);
  assert.match(secureCookie, /; Secure(;|$)/);
  assert.match(secureCookie, /; HttpOnly(;|$)/);
  assert.match(secureCookie, /; SameSite=Lax(;|$)/);
  assert.doesNotMatch(secureCookie, /Domain/);
  const ask = async (cookie: string) => {
    const response = await behindProxy.fetch("/api/session", {
      headers: { ...https, cookie },
    });
    await response.body?.cancel();
    return response.status;
  };
  const token = cookieOf([secureCookie]).split("=")[1];
  assert.equal(await ask(`__Host-freshet=${token}`), 200);
  assert.equal(
    await ask(`freshet_session=${token}`),
    401,
    "a name that another host of the domain can set",
  );
  assert.equal(
    await ask(`__Host-freshet=x; __Host-freshet=${token}`),
    401,
    "two cookies with the name",
  );
});

Deno.test("cookies: no route sets any other than the session's and the viewer's choices", async () => {
  await using app = await startPeopleApp();
  const cookie = `freshet_session=${await ownerToken(app)}`;
  for (const path of ["/", "/settings", "/tasks", "/api/threads", "/signin"]) {
    const response = await app.fetch(path, { headers: { cookie } });
    await response.body?.cancel();
    assert.deepEqual(response.headers.getSetCookie(), [], path);
  }
});

/** Where a sign-in must not lead, in spellings that some browser takes for another origin. */
const FOREIGN_TARGETS = [
  "https://evil.example",
  "https:evil.example",
  "https:/evil.example",
  "//evil.example",
  "///evil.example",
  "////evil.example/",
  "/\\evil.example",
  "\\\\evil.example",
  "/\\/evil.example",
  "\\/evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/x/..//evil.example",
  "/%2f%2fevil.example",
  "/%5cevil.example",
  "/%09/evil.example",
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "//evil.example@chat.example",
  "http://127.0.0.1@evil.example/",
  "?next=//evil.example",
  "@evil.example",
  ".evil.example",
];

Deno.test("open redirect: signing in, out and on leads nowhere but here", async () => {
  await using app = await startPeopleApp();
  const cookie = `freshet_session=${await ownerToken(app)}`;
  const own = new URL(app.url);
  const assertHere = (response: Response, what: string) => {
    const location = response.headers.get("location");
    if (location === null) return;
    const target = new URL(location, own);
    assert.equal(target.origin, own.origin, `${what} ${location}`);
    // What browsers make of backslashes and of slashes that stand together.
    assert.doesNotMatch(location, /^[\\/]{2}|^[a-z]+:|[\\\p{Cc}]/iu, what);
  };
  for (const target of FOREIGN_TARGETS) {
    const value = encodeURIComponent(target);
    for (
      const path of [
        `/signin?next=${value}`,
        `/auth/oidc/start?next=${value}`,
        `/auth/oidc/callback?next=${value}&state=x&code=y`,
        `/signout?next=${value}`,
        `/workspaces?next=${value}`,
        `/tasks?back=${value}`,
        `/${target}`,
        `//${target.replaceAll("/", "")}`,
      ]
    ) {
      for (const headers of [{ cookie }, {}] as Record<string, string>[]) {
        const response = await app.fetch(path, { headers });
        await response.body?.cancel();
        assertHere(response, path);
      }
    }
  }
  // The same by the forms; a session of the owner's stands for the password that they would type.
  for (const target of FOREIGN_TARGETS) {
    for (const path of ["/tasks", "/projects", "/workspaces", "/settings"]) {
      for (const action of ["add", "delete", "switch", "save"]) {
        const response = await app.fetch(path, {
          method: "POST",
          headers: { cookie, "sec-fetch-site": "same-origin" },
          body: new URLSearchParams({
            action,
            next: target,
            back: target,
            title: "x",
            name: "x",
          }),
        });
        await response.body?.cancel();
        assertHere(response, `${path} ${action} ${target}`);
      }
    }
  }
});

Deno.test("open redirect: a sign-in by the form leads to the page that was wanted, here", async () => {
  await using app = await startPeopleApp();
  for (
    const [next, expected] of [
      ["/tasks?tag=a", "/tasks?tag=a"],
      ["//evil.example", "/"],
      ["/\\evil.example", "/"],
    ]
  ) {
    const response = await app.fetch("/signin", {
      method: "POST",
      headers: { "sec-fetch-site": "same-origin" },
      body: new URLSearchParams({ ...OWNER, next }),
    });
    await response.body?.cancel();
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), expected);
  }
});

Deno.test("throttle: guesses at an account are slowed down, whatever address they claim to come from", async () => {
  await using app = await startPeopleApp();
  const statuses: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    const response = await app.post(
      "/api/session",
      { email: OWNER.email, password: `wrong guess ${count}` },
      {
        "x-forwarded-for": `203.0.113.${count}`,
        "x-real-ip": `10.0.0.${count}`,
      },
    );
    statuses.push(response.status);
    if (response.status === 429) {
      assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
    }
    await response.body?.cancel();
  }
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429, statuses.join(" "));
  assert.ok(statuses.filter((status) => status === 401).length <= 6);
  const right = await signInOver(app);
  assert.equal(right.status, 429, "nor is the right password tried");
});

Deno.test("throttle: an unknown account answers and slows down as a known one", async () => {
  const answers = async (email: string) => {
    await using app = await startPeopleApp();
    const seen: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const response = await app.post("/api/session", {
        email,
        password: "not the password",
      });
      const { code, detail } = await response.json();
      seen.push(`${response.status} ${code} ${detail.replace(/\d+/g, "N")}`);
    }
    return seen;
  };
  assert.deepEqual(
    await answers(OWNER.email),
    await answers("nobody@first.example"),
  );
});
