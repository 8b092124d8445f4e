/** Signing in by an identity provider: who gets in, as what, and what is refused. */
import assert from "node:assert/strict";
import { OIDC_REFUSALS } from "@/lib/shared/oidc_refusals.ts";
import {
  auditEvents,
  Browser,
  factsOf,
  OWNER_EMAIL,
  OWNER_PASSWORD,
  signedIn,
  startOidc,
} from "./oidc_rig.ts";

const ADA = {
  email: "Ada@Example.test",
  email_verified: true,
  name: "Ada Lovelace",
};

Deno.test("oidc: a new person gets an account and a session, and goes where they wanted to", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = new Browser(rig.app);
  const refused = await browser.fetch("/projects?x=1");
  await refused.body?.cancel();
  assert.equal(refused.status, 303);
  assert.match(refused.headers.get("location")!, /^\/signin/);
  // A session that somebody else has put into the browser is of no use afterwards.
  browser.cookies.set("freshet_session", "planted");
  const to = await browser.signIn(rig.idp, "ada", "?next=/projects%3Fx%3D1");
  assert.equal(to, "/projects?x=1");
  assert.notEqual(browser.session, "planted");
  assert.deepEqual([...browser.cookies.keys()], ["freshet_session"]);
  const facts = await factsOf(rig, browser);
  assert.equal(facts.email, "ada@example.test");
  assert.equal(facts.name, "Ada Lovelace");
  assert.equal(facts.role, "member");
  const page = await browser.fetch("/projects");
  await page.body?.cancel();
  assert.equal(page.status, 200);
  const [signIn] = await auditEvents(rig, "user.signed_in");
  assert.equal(signIn.subject, facts.user);
  assert.equal(signIn.details.method, "oidc");

  const again = await signedIn(rig, "ada");
  assert.equal((await factsOf(rig, again)).user, facts.user);
  assert.notEqual(again.session, browser.session);
});

Deno.test("oidc: signing in again ends the session that the browser had", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = await signedIn(rig, "ada");
  const before = browser.session!;
  await browser.signIn(rig.idp, "ada");
  rig.app.services.sessions.forget();
  assert.equal(await rig.app.services.sessions.find(before), null);
  assert.notEqual(browser.session, before);
});

Deno.test("oidc: groups give roles and groups, anew at each sign-in", async () => {
  const people = {
    ada: { ...ADA, groups: ["ops", "Hydrology", "unknown"] } as Record<
      string,
      unknown
    >,
  };
  await using rig = await startOidc({
    people,
    oidc: {
      roles: [{ group: "ops", role: "admin" }, {
        group: "all",
        role: "viewer",
      }],
    },
  });
  const { groups, users } = rig.app.services;
  const owner = await users.findByEmail(OWNER_EMAIL);
  const caller = {
    mode: "oidc" as const,
    workspace: "wsp_0000000000000000000000",
    user: owner!.id,
    role: "owner" as const,
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "127.0.0.1",
  };
  const group = await groups.create(caller, { name: "hydrology" });
  const first = await factsOf(rig, await signedIn(rig, "ada"));
  assert.equal(first.role, "admin");
  assert.deepEqual(first.groups, [group.id]);

  people.ada.groups = ["all"];
  const second = await factsOf(rig, await signedIn(rig, "ada"));
  assert.equal(second.role, "viewer");
  assert.deepEqual(second.groups, []);
  const changes = await auditEvents(rig, "role.changed");
  assert.deepEqual(
    changes.map(({ details: { before, after, by } }) => [before, after, by]),
    [["admin", "viewer", "oidc"]],
  );
});

Deno.test("oidc: whoever leaves the group that gave a role loses the role", async () => {
  const people = {
    ada: { ...ADA, groups: ["ops"] } as Record<string, unknown>,
    bob: {
      email: "bob@example.test",
      email_verified: true,
      groups: ["ops"],
    } as Record<string, unknown>,
  };
  for (const defaultRole of ["member", null] as const) {
    await using rig = await startOidc({
      people: structuredClone(people),
      oidc: { roles: [{ group: "ops", role: "admin" }], defaultRole },
    });
    await signedIn(rig, "ada");
    rig.idp.people.ada.groups = [];
    const browser = new Browser(rig.app);
    const to = await browser.signIn(rig.idp, "ada");
    if (defaultRole === null) {
      assert.equal(to, "/signin?error=oidc_not_invited");
      assert.equal(browser.session, undefined);
    } else {
      assert.equal((await factsOf(rig, browser)).role, defaultRole);
    }
    // Where the provider says nothing of groups, nothing is changed.
    const bob = await signedIn(rig, "bob");
    delete rig.idp.people.bob.groups;
    assert.equal((await factsOf(rig, bob)).role, "admin");
    assert.equal(
      (await factsOf(rig, await signedIn(rig, "bob"))).role,
      "admin",
    );
  }
});

Deno.test("oidc: the last owner stays one whatever their groups say", async () => {
  await using rig = await startOidc({
    people: {
      root: {
        email: OWNER_EMAIL,
        email_verified: true,
        groups: ["all"],
      },
    },
    oidc: { roles: [{ group: "all", role: "viewer" }] },
  });
  const facts = await factsOf(rig, await signedIn(rig, "root"));
  assert.equal(facts.role, "owner");
});

Deno.test("oidc: without a default role only mapped and invited people get in", async () => {
  await using rig = await startOidc({
    people: {
      ada: { ...ADA, groups: ["staff"] },
      bob: { email: "bob@example.test", email_verified: true },
    },
    oidc: { defaultRole: null, roles: [{ group: "staff", role: "member" }] },
  });
  const ada = await factsOf(rig, await signedIn(rig, "ada"));
  assert.equal(ada.role, "member");
  const bob = new Browser(rig.app);
  assert.equal(
    await bob.signIn(rig.idp, "bob"),
    "/signin?error=oidc_not_invited",
  );

  const { invitations } = rig.app.services;
  const { url } = await invitations.create(
    {
      ...ada,
      role: "owner",
      key: null,
      mode: "oidc",
      session: null,
      address: "",
    },
    { email: "bob@example.test", role: "viewer", groups: [] },
    rig.app.url,
  );
  const token = new URL(url).searchParams.get("token")!;
  assert.equal(await bob.signIn(rig.idp, "bob", `?invite=${token}`), "/");
  assert.equal((await factsOf(rig, bob)).role, "viewer");
  assert.equal(await bob.signIn(rig.idp, "bob"), "/");
});

Deno.test("oidc: only a verified address leads to an account that is there, and only once", async () => {
  await using rig = await startOidc({
    people: {
      fake: { email: OWNER_EMAIL, email_verified: false },
      root: { email: OWNER_EMAIL.toUpperCase(), email_verified: true },
      heir: { email: OWNER_EMAIL, email_verified: true },
      none: { name: "Nobody" },
    },
  });
  const cases = [
    ["fake", "oidc_email_unverified"],
    ["none", "oidc_no_email"],
  ];
  for (const [subject, code] of cases) {
    const browser = new Browser(rig.app);
    const to = await browser.signIn(rig.idp, subject);
    assert.equal(to, `/signin?error=${code}`);
    assert.equal(browser.session, undefined);
  }
  const owner = await factsOf(rig, await signedIn(rig, "root"));
  assert.equal(
    owner.user,
    (await rig.app.services.users.findByEmail(OWNER_EMAIL))!.id,
  );
  // The address was given to somebody new at the provider.
  const to = await new Browser(rig.app).signIn(rig.idp, "heir");
  assert.equal(to, "/signin?error=oidc_email_taken");
  // Who it was stays who they are, whatever their address is.
  rig.idp.people.root.email = "other@example.test";
  assert.equal(
    (await factsOf(rig, await signedIn(rig, "root"))).user,
    owner.user,
  );
});

Deno.test("oidc: passwords are off but for the first owner's", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const { signIn } = rig.app.services;
  const client = { address: "127.0.0.1", userAgent: null };
  const session = await signIn.signIn({
    email: OWNER_EMAIL,
    password: OWNER_PASSWORD,
    ...client,
  });
  assert.ok(session.token.length > 20);
  await signedIn(rig, "ada");
  await assert.rejects(
    signIn.signIn({
      email: ADA.email,
      password: "anything at all",
      ...client,
    }),
    { code: "invalid_credentials" },
  );
});

Deno.test("oidc: tabs of one browser do not disturb each other", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = new Browser(rig.app);
  const tabs = [];
  for (const next of ["/tasks", "/search", "/projects"]) {
    const to = await browser.begin(`?next=${next}`);
    tabs.push({ next, answer: await rig.idp.visit(to, "ada") });
  }
  for (const { next, answer } of tabs.toReversed()) {
    assert.equal(await browser.finish(answer), next);
  }
  assert.deepEqual([...browser.cookies.keys()], ["freshet_session"]);
});

Deno.test("oidc: nothing that is given as next leads away from here", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  for (
    const next of ["//evil.example", "https://evil.example", "/\\evil.example"]
  ) {
    const browser = new Browser(rig.app);
    const query = `?${new URLSearchParams({ next })}`;
    assert.equal(await browser.signIn(rig.idp, "ada", query), "/");
  }
});

Deno.test("oidc: each refusal ends on the sign-in page with a sentence, and in the audit log", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const { idp, app } = rig;
  const now = Math.floor(Date.now() / 1_000);
  const claims = (changes: Record<string, unknown>) => () => {
    idp.changeClaims = (claims) => ({ ...claims, ...changes });
  };
  const cases: [keyof typeof OIDC_REFUSALS, () => void][] = [
    ["oidc_denied", () => void (idp.denies = true)],
    ["oidc_invalid", claims({ nonce: "another" })],
    ["oidc_invalid", claims({ aud: "another" })],
    ["oidc_clock", claims({ exp: now - 3_600, iat: now - 7_200 })],
    ["oidc_issuer", claims({ iss: "https://evil.example" })],
    ["oidc_issuer", () => {
      idp.changeAnswer = (answer) => {
        answer.searchParams.set("iss", "https://evil.example");
        return answer;
      };
    }],
    ["oidc_unavailable", () => {
      idp.failure = (path) => path === "/token" ? { status: 503 } : null;
    }],
    ["oidc_unavailable", () => {
      idp.failure = (path) => path === "/token" ? "break" : null;
    }],
    ["oidc_refused", () => {
      idp.changeAnswer = (answer) => {
        answer.searchParams.set("code", "x".repeat(43));
        return answer;
      };
    }],
  ];
  for (const [index, [code, arrange]] of cases.entries()) {
    arrange();
    const browser = new Browser(app);
    const to = await browser.signIn(idp, "ada", "?next=/tasks");
    assert.equal(to, `/signin?error=${code}&next=%2Ftasks`);
    assert.equal(browser.cookies.size, 0, "no cookie is left");
    const page = await (await browser.fetch(to)).text();
    assert.ok(page.includes(OIDC_REFUSALS[code].split("'")[0]), code);
    const told = await auditEvents(rig, "user.sign_in_failed");
    assert.equal(told.length, index + 1);
    const { method, reason } = told[index].details;
    assert.equal(method, "oidc");
    assert.ok(String(reason).startsWith(`${code}: `), String(reason));
    idp.changeClaims = null;
    idp.changeAnswer = null;
    idp.denies = false;
    idp.failure = () => null;
  }
  await signedIn(rig, "ada");
});

Deno.test("oidc: an answer counts once, in its own browser only", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = new Browser(rig.app);
  const answer = await rig.idp.visit(await browser.begin(), "ada");
  const thief = new Browser(rig.app);
  assert.equal(await thief.finish(answer), "/signin?error=oidc_expired");
  const copy = new Browser(rig.app);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  const asked = rig.idp.requests.length;
  const outcomes = await Promise.all([
    browser.finish(answer),
    copy.finish(answer),
  ]);
  assert.deepEqual(outcomes.toSorted(), ["/", "/signin?error=oidc_used"]);
  assert.equal(
    rig.idp.requests.slice(asked).filter((path) => path === "/token").length,
    1,
  );
  // A code that belongs to another sign-in of the same browser is refused by its verifier.
  const one = await rig.idp.visit(await browser.begin(), "ada");
  const other = await rig.idp.visit(await browser.begin(), "ada");
  const mixed = new URL(one);
  mixed.searchParams.set("code", new URL(other).searchParams.get("code")!);
  assert.equal(
    await browser.finish(mixed.href),
    "/signin?error=oidc_refused",
  );
});

Deno.test("oidc: a forged or foreign flow cookie is as good as none", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = new Browser(rig.app);
  const answer = await rig.idp.visit(await browser.begin(), "ada");
  const [[name, value]] = browser.cookies;
  const broken = value.slice(0, -4) +
    (value.endsWith("AAAA") ? "BBBB" : "AAAA");
  browser.cookies.set(name, broken);
  assert.equal(await browser.finish(answer), "/signin?error=oidc_expired");
  for (const query of ["", "?state=", "?code=x", "?error=access_denied"]) {
    const to = await new Browser(rig.app).finish(
      `${rig.app.url}/auth/oidc/callback${query}`,
    );
    assert.equal(to, "/signin?error=oidc_expired", query);
  }
});

Deno.test("oidc: a provider that is away is told so, and found again by itself", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  rig.idp.failure = () => "break";
  const browser = new Browser(rig.app);
  assert.equal(await browser.begin(), "/signin?error=oidc_unavailable");
  rig.idp.failure = () => null;
  const deadline = performance.now() + 15_000;
  while (await browser.signIn(rig.idp, "ada") !== "/") {
    assert.ok(performance.now() < deadline, "it was not found again");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

Deno.test("oidc: a valid session never asks the provider", async () => {
  await using rig = await startOidc({ people: { ada: ADA } });
  const browser = await signedIn(rig, "ada");
  rig.idp.requests.length = 0;
  rig.idp.failure = () => "hang";
  for (let round = 0; round < 20; round += 1) {
    rig.app.services.sessions.forget();
    for (const path of ["/", "/api/threads", "/settings"]) {
      const response = await browser.fetch(path);
      await response.body?.cancel();
      assert.equal(response.status, 200, path);
    }
  }
  assert.deepEqual(rig.idp.requests, []);
});
